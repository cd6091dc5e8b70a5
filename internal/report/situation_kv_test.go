package report

// oneTenant is a customer with a row in the dispatcher's table, and a store.
const oneTenant = namespaces + `
kv_namespaces: { hosts: { title: Hosts }, data: { title: data of acme } }
user_workers:
  acme: { dispatch_namespace: customers, script: "export default {}", kv_namespaces: [{ binding: DATA, ref: data }] }
kv_pairs:
  acme.example.com: { kv_namespace: hosts, value: { worker: acme, plan: free }, metadata: { since: 2026 }, user_worker: acme }
  motd: { kv_namespace: hosts, value: "Hello.\nThis is the first line that stays.\nOld news.\n" }
`

package report

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Parts of stack files.
const (
	namespaces = `
dispatch_namespaces: { customers: {} }
`
	oneCustomer = namespaces + `
user_workers:
  acme:
    dispatch_namespace: customers
    script: export default { fetch() { return new Response("one") } }
    vars: { PLAN: free, SETTINGS: { features: [a, b], limit: 10 } }
`
	oneHostname = `
custom_hostnames:
  acme: { zone_name: example.com, hostname: shop.acme.dev, custom_metadata: { user_worker: acme, seats: 3 } }
`
	router = `
workers:
  router:
    script: export default { fetch() { return new Response("routed") } }
`
)

var acme = spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}

// fleet returns n user Workers, each by a line of YAML about it.
func fleet(n int, about func(i int) string) string {
	var b strings.Builder
	b.WriteString(namespaces + "user_workers:\n")
	for i := range n {
		fmt.Fprintf(&b, "  shop-%02d: { dispatch_namespace: customers, %s }\n", i, about(i))
	}
	return b.String()
}

// shop returns a line about a user Worker of a fleet.
func shop(code, plan string) string {
	return fmt.Sprintf(`script: 'export default { fetch() { return new Response("%s") } }', vars: { PLAN: %s }`, code, plan)
}

func sameShops(code, plan string) func(int) string {
	return func(int) string { return shop(code, plan) }
}

func ownShops(code string) func(int) string {
	return func(i int) string { return shop(code, fmt.Sprintf("plan-of-%02d", i)) }
}

// keyed is a customer with secrets.
var keyed = oneCustomer + "    secrets: { API_KEY: { env: SHOP_KEY }, PIN: { env: SHOP_PIN } }\n"

// located returns a customer whose data must be somewhere.
func located(where string) string {
	return "d1_databases: { orders: { " + where + " } }\n" + oneCustomer + "    d1_databases: [{ binding: ORDERS, ref: orders }]\n"
}

func keyedShop(int) string { return shop("one", "free") + ", secrets: { PIN: { env: SHOP_PIN } }" }

// program returns code of several lines, as a bundler writes it.
func program(lines ...string) string {
	return "script: |\n      " + strings.Join(lines, "\n      ")
}

// oneWithText returns a customer with text in its environment.
func oneWithText(text string) string {
	return namespaces + fmt.Sprintf("user_workers:\n  acme:\n    dispatch_namespace: customers\n    script: export default {}\n    vars: { TEXT: %q }\n", text)
}

var situations = map[string]situation{
	// nothing
	"no-changes":       {was: oneCustomer},
	"no-changes-empty": {was: "\n"},

	// creating each kind
	"create-everything": {wanted: `
dispatch_namespaces: { customers: {} }
kv_namespaces: { data: { title: Tenant Configuration } }
d1_databases: { orders: {} }
r2_buckets: { uploads: { jurisdiction: eu } }
queues: { events: { delivery_delay: 5 } }
user_workers:
  acme:
    dispatch_namespace: customers
    script: export default { fetch() { return new Response("one") } }
    vars: { PLAN: free, SETTINGS: { features: [a, b] } }
    secrets: { API_KEY: { env: ACME_KEY } }
    kv_namespaces: [{ binding: DATA, ref: data }]
    d1_databases: [{ binding: ORDERS, ref: orders }]
    r2_buckets: [{ binding: UPLOADS, ref: uploads }]
workers:
  router:
    script: export default { fetch() { return new Response("routed") } }
    dispatch_namespaces: [{ binding: CUSTOMERS, namespace: customers }]
    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]
`},
	"create-namespace":   {wanted: namespaces},
	"create-kv":          {wanted: "kv_namespaces: { data: { title: Tenant Configuration } }"},
	"create-d1":          {wanted: "d1_databases: { orders: {} }"},
	"create-r2":          {wanted: "r2_buckets: { uploads: {} }"},
	"create-queue":       {wanted: "queues: { events: {} }"},
	"create-worker":      {wanted: router},
	"create-user-worker": {was: namespaces, wanted: oneCustomer},
	"create-outline":     {was: namespaces, wanted: oneCustomer, outline: true},
	"create-route":       {was: router, wanted: router + `    routes: [{ pattern: "shop.example.com/*", zone_name: example.com }]`},

	// rows in KV, and customers who leave
	"kv-pairs-create":    {was: namespaces, wanted: oneTenant},
	"kv-pairs-update":    {was: oneTenant, wanted: strings.NewReplacer("plan: free", "plan: pro", "since: 2026", "since: 2027", "Old news.", strings.Repeat("News. ", 2000)).Replace(oneTenant)},
	"kv-pairs-binary":    {was: oneTenant, wanted: oneTenant + "  logo: { kv_namespace: hosts, value: iVBORw0KGgo=, base64: true, expiration_ttl: 3600 }\n"},
	"offboarding":        {was: oneTenant, wanted: namespaces + "kv_namespaces: { hosts: { title: Hosts } }\nkv_pairs:\n  motd: { kv_namespace: hosts, value: \"Hello.\\nThis is the first line that stays.\\nOld news.\\n\" }\n"},
	"offboarding-stores": {was: oneTenant, wanted: namespaces + "kv_namespaces: { hosts: { title: Hosts } }\nkv_pairs: {}\nremoved: [kv_namespace/data of acme]\n"},

	// changing
	"update-variable":    {was: oneCustomer, wanted: strings.Replace(oneCustomer, "PLAN: free", "PLAN: pro", 1)},
	"update-json":        {was: oneCustomer, wanted: strings.Replace(oneCustomer, "features: [a, b], limit: 10", "features: [a, c], limit: 20, beta: true", 1)},
	"update-code":        {was: oneCustomer, wanted: strings.Replace(oneCustomer, `"one"`, `"two"`, 1)},
	"update-type":        {was: oneCustomer, wanted: strings.Replace(oneCustomer, "PLAN: free", "PLAN: { name: free }", 1)},
	"update-options":     {was: oneCustomer, wanted: oneCustomer + "    limits: { cpu_ms: 50 }\n    tags: [gold]\n    observability: { enabled: true }\n    compatibility_flags: [nodejs_compat]"},
	"update-binding":     {was: oneCustomer, wanted: "kv_namespaces: { data: {} }\n" + oneCustomer + "    kv_namespaces: [{ binding: DATA, ref: data }]"},
	"update-worker":      {was: router, wanted: strings.Replace(router, "routed", "sent", 1)},
	"update-queue":       {was: "queues: { events: { delivery_delay: 5 } }", wanted: "queues: { events: { delivery_delay: 10 } }"},
	"update-route":       {was: router + `    routes: [{ pattern: "shop.example.com/*", zone_name: example.com }]` + "\n  other: { script: 'export default {}' }", wanted: router + "  other: { script: 'export default {}', routes: [{ pattern: \"shop.example.com/*\", zone_name: example.com }] }"},
	"update-and-outline": {was: oneCustomer, wanted: strings.Replace(oneCustomer, `"one"`, `"two"`, 1), outline: true},
	"code-moves": { // a customer gets the code that another one gives up
		was: namespaces + "user_workers:\n" +
			"  acme:\n    dispatch_namespace: customers\n    " + program("const greeting = 'hello';", "export default {", "  fetch() { return new Response(greeting); }", "};") +
			"\n  beta:\n    dispatch_namespace: customers\n    " + program("const greeting = 'welcome';", "export default {", "  async fetch() { return new Response(greeting); }", "};") + "\n",
		wanted: namespaces + "user_workers:\n" +
			"  acme:\n    dispatch_namespace: customers\n    " + program("const greeting = 'welcome';", "export default {", "  async fetch() { return new Response(greeting); }", "};") +
			"\n  beta:\n    dispatch_namespace: customers\n    " + program("const greeting = 'hello';", "export default {", "  fetch() { return new Response(greeting); }", "};") + "\n",
	},

	// secrets
	"secret-missing": {was: keyed, since: lost(acme, "API_KEY")},
	"secret-differs": {was: keyed, rotated: []string{"SHOP_PIN"}},
	"secrets-asked":  {was: keyed, writeSecrets: true},
	"secrets-sent":   {was: keyed, wanted: strings.Replace(keyed, "PLAN: free", "PLAN: pro", 1), rotated: []string{"SHOP_PIN"}},
	"secrets-fleet":  {was: fleet(14, keyedShop), rotated: []string{"SHOP_PIN"}},

	// replacing
	"replace-d1":         {was: located(""), wanted: located("jurisdiction: eu"), allow: []string{planner.GuardStoreDelete}},
	"replace-d1-refused": {was: located("jurisdiction: fedramp"), wanted: located("jurisdiction: eu")},

	// others
	"drifted": {was: oneCustomer, since: wrote(acme, spec.Script{CompatibilityDate: "2025-01-01", Bindings: []spec.Binding{{Name: "DEBUG", Type: "plain_text", Properties: spec.PropertiesOf(spec.Object{"text": "1"})}}})},
	"drifted-code": {was: oneCustomer, since: wroteCode(acme,
		spec.Module{Name: "extra.wasm", Type: spec.WebAssembly, Content: []byte("\x00asm")},
		spec.Module{Name: "index.js", Type: spec.ESModule, Content: []byte("export default {\n  fetch() { return new Response('<script>theirs</script>') }\n}")})},
	"adopt-code": {was: oneCustomer, wanted: oneCustomer + "    adopt: true", since: all(
		wroteCode(acme, spec.Module{Name: "index.js", Type: spec.ESModule, Content: []byte("export default { fetch() {} }")}), unmarked(acme, ""))},
	"mark-lost":      {was: oneCustomer, since: unmarked(acme, "platform")},
	"adopt":          {was: oneCustomer, wanted: oneCustomer + "    adopt: true", since: unmarked(acme, "")},
	"blocked":        {was: oneCustomer, since: unmarked(acme, "")},
	"foreign":        {was: oneCustomer, since: unmarked(acme, "shop-team")},
	"unmanaged":      {was: namespaces, since: all(stranger(spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "theirs"}, "other"), stranger(spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "nobodys"}, ""))},
	"unmanaged-also": {was: namespaces, wanted: oneCustomer, since: stranger(spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "theirs"}, "")},
	"fleet-blocked": {was: fleet(7, sameShops("one", "free")), since: func(world *spec.Snapshot) {
		for a := range world.Resources {
			if a.Kind == spec.KindUserWorker {
				unmarked(a, "")(world)
			}
		}
	}},

	// zones
	"create-record":   {wanted: `dns_records: { "*.example.com": { zone_name: example.com, comment: Front door } }` + router + `    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]`},
	"update-hostname": {was: oneHostname, wanted: strings.Replace(oneHostname, "seats: 3 }", "seats: 4 }, ssl: { method: txt }", 1)},
	"hostname-leaves": {was: oneHostname + oneCustomer, wanted: "custom_hostnames: {}\n" + namespaces},
	"record-of-others": {was: "dns_records: { www.example.com: { zone_name: example.com } }", since: func(world *spec.Snapshot) {
		for a := range world.Resources {
			unmarked(a, "")(world)
		}
	}},

	// removing
	"removed":          {was: oneCustomer, wanted: namespaces},
	"destroy":          {was: oneCustomer + router, mode: planner.Destroy, allow: []string{planner.GuardNamespaceDelete}},
	"destroy-refused":  {was: oneCustomer, mode: planner.Destroy},
	"destroy-stores":   {was: "d1_databases: { orders: {} }\nkv_namespaces: { data: {} }", mode: planner.Destroy},
	"destroy-nothing":  {was: "\n", mode: planner.Destroy},
	"guard-max-delete": {was: fleet(12, sameShops("one", "free")), wanted: fleet(2, sameShops("one", "free"))},
	"guard-allowed":    {was: fleet(12, sameShops("one", "free")), wanted: fleet(2, sameShops("one", "free")), allow: []string{planner.GuardMaxDelete}},

	// policies
	"policy-denies": {wanted: "policies: { small: { deny: \"(change.after.limits.cpu_ms ?? 0) > 100\", message: \"no Worker gets ${change.after.limits.cpu_ms} ms\" } }\n" + oneCustomer + "    limits: { cpu_ms: 500 }"},
	"policy-warns":  {was: oneCustomer, wanted: "policies: { look: { warn: change.is_update, message: look at it } }\n" + strings.Replace(oneCustomer, "PLAN: free", "PLAN: pro", 1)},

	// parts of a plan
	"partial":         {was: fleet(30, sameShops("one", "free")), wanted: fleet(30, sameShops("two", "free")) + router, targets: []string{"user_worker/customers/*7"}},
	"partial-nothing": {was: oneCustomer, wanted: oneCustomer + router, targets: []string{"user_worker/*"}},

	// fleets
	"fleet-create":      {was: namespaces, wanted: fleet(14, ownShops("one"))},
	"fleet-code":        {was: fleet(14, ownShops("one")), wanted: fleet(14, ownShops("two"))},
	"fleet-same-values": {was: fleet(6, sameShops("one", "free")), wanted: fleet(6, sameShops("one", "pro"))},
	"fleet-own-values": {was: fleet(6, sameShops("one", "free")), wanted: fleet(6, func(i int) string {
		return shop("one", []string{"pro", "enterprise"}[i/5])
	})},
	"fleet-unlike": {was: fleet(8, sameShops("one", "free")), wanted: fleet(8, func(i int) string {
		return shop([]string{"one", "two"}[i%2], []string{"free", "pro"}[i/4])
	})},
	"fleet-few": {was: fleet(4, sameShops("one", "free")), wanted: fleet(4, sameShops("two", "free"))},
	"fleet-all-at-once": {was: fleet(20, sameShops("one", "free")) + router, wanted: fleet(24, func(i int) string {
		if i == 3 {
			return shop("three", "free")
		}
		return shop("two", "free")
	}) + router + "    dispatch_namespaces: [{ binding: CUSTOMERS, namespace: customers }]\n"},

	// rollouts
	"rollout-waves": {was: rolled("one", ""), wanted: rolled("two", `, pause: 1m30s, max_failures: 2%, on_failure: rollback, probe: { url: "https://${c.id}.example.com/health" }`)},
	"rollout-rest": {
		was: rolled("one", ""), wanted: rolled("one", `, probe: { url: "https://${c.id}.example.com/health" }`),
		since: func(world *spec.Snapshot) {
			world.Resources[spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "shop-03"}].Revision.Mark.Unproven = true
		},
	},
	"rollout-wave":   {was: rolled("one", ""), wanted: rolled("two", ""), wave: 2},
	"rollout-delete": {was: rolled("one", "") + "  old: { dispatch_namespace: customers, script: old }\n", wanted: rolled("two", "")},

	// secrets
	"secret-new":     {was: oneCustomer, wanted: oneCustomer + "    secrets: { API_KEY: { env: ACME_KEY } }"},
	"secret-gone":    {was: oneCustomer + "    secrets: { API_KEY: { env: ACME_KEY } }", wanted: oneCustomer},
	"secret-instead": {was: strings.Replace(oneCustomer, "PLAN: free", "PLAN: hunter2", 1), wanted: strings.Replace(oneCustomer, "PLAN: free, ", "", 1) + "    secrets: { PLAN: { env: ACME_PLAN } }"},

	// messages
	"warning":           {wanted: strings.Replace(oneCustomer, "  acme:", "  acme_shop:", 1)},
	"missing-reference": {was: namespaces, wanted: oneCustomer + "    services: [{ binding: AUTH, service: nowhere }]"},

	// values
	"long-value":   {was: oneWithText(strings.Repeat("a", 2000)), wanted: oneWithText(strings.Repeat("a", 1990) + "b")},
	"lines":        {was: oneWithText("one\ntwo\nthree\nfour\nfive\nsix\nseven\n"), wanted: oneWithText("one\n2\nthree\nfour\nfive\nsix\n7\neight\n")},
	"large-json":   {was: strings.Replace(oneCustomer, "limit: 10", "limit: 10, "+yamlItems(10), 1), wanted: strings.Replace(oneCustomer, "limit: 10", "limit: 10, "+yamlItems(11), 1)},
	"unicode":      {was: oneWithText("grüße"), wanted: oneWithText("日本語 العربية 🚀 👩‍👩‍👧")},
	"empty-values": {was: oneWithText(""), wanted: oneWithText(" ")},

	// people who mean no good, or do not think of us
	"hostile-script":   {was: oneWithText("x"), wanted: oneWithText(`</script><script>alert(1)</script><!--`)},
	"hostile-markdown": {was: oneWithText("x"), wanted: oneWithText("```\n# pwned\n| a | b |\n@everyone [x](javascript:alert(1)) ````\n</details>")},
	"hostile-terminal": {was: oneWithText("x"), wanted: oneWithText("\x1b[2J\u202egnp.exe\u202c\r\n::error::pwned\u2028")},
	"hostile-names": {wanted: `
kv_namespaces:
  a: { title: "<script>alert(1)</script>" }
  b: { title: "a | b || c" }
  c: { title: "` + "```` `x` ```" + `" }
  d: { title: "Plan: 9 to add, 9 to change, 9 to destroy." }
  e: { title: "\u202Eevil\u2066 \U0001F680" }
  f: { title: "@everyone -->\" --flag=%0A::error::x" }
`},
}

// rolled returns a fleet of 12 that is rolled out in three waves.
func rolled(code, rollout string) string {
	var items strings.Builder
	for i := range 12 {
		fmt.Fprintf(&items, "{ id: shop-%02d, new: %t }, ", i, i%5 == 0)
	}
	return fmt.Sprintf(`
dispatch_namespaces: { customers: {} }
lists: { l: { key: id, items: [%s] } }
user_workers:
  shops: { dispatch_namespace: customers, for_each: { c: l }, script: %s, rollout: { waves: [1, "${c.new}", 60%%] %s } }
`, items.String(), code, rollout)
}

// yamlItems returns a JSON list of n objects in YAML.
func yamlItems(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{ id: item-%d, active: true }, ", i)
	}
	return "items: [" + b.String() + "]"
}

func TestSituations(t *testing.T) {
	if len(situations) < 40 {
		t.Errorf("only %d situations", len(situations))
	}
	for name, s := range situations {
		t.Run(name, func(t *testing.T) {
			plan := s.plan(t)
			folder := "situation/" + name + "/"
			golden(t, folder+"plan.txt", func(w io.Writer) error { return PlanText(w, Style{}, plan) })
			golden(t, folder+"plan.json", func(w io.Writer) error { return PlanJSON(w, plan) })
			golden(t, folder+"plan.md", func(w io.Writer) error { return PlanMarkdown(w, plan, MarkdownBudget) })
			if strings.HasPrefix(name, "fleet-") {
				golden(t, folder+"expanded.txt", func(w io.Writer) error { return PlanText(w, Style{Expand: true}, plan) })
			}
		})
	}
}

// inFull are the situations whose golden files hold how the other formats look.
// That these formats say everything, in every situation, is a property:
// TestEveryFormatTellsTheWholePlan.
var inFull = map[string]struct {
	write      func(w io.Writer, plan *planner.Plan) error
	situations []string
}{
	"html": {withoutAssets, []string{
		"no-changes", "create-everything", "create-outline", "fleet-own-values", "fleet-blocked", "kv-pairs-update", "replace-d1", "destroy", "destroy-refused",
		"guard-max-delete", "partial", "rollout-wave", "warning", "missing-reference", "hostile-markdown", "hostile-script", "hostile-names",
	}},
	"github": {func(w io.Writer, plan *planner.Plan) error { return PlanGitHub(w, Style{}, plan) }, []string{
		"no-changes", "create-user-worker", "fleet-blocked", "replace-d1", "destroy-refused", "warning", "missing-reference", "hostile-terminal",
	}},
	"mermaid": {func(w io.Writer, plan *planner.Plan) error { return PlanMermaid(w, Style{}, plan) }, []string{
		"no-changes", "create-everything", "destroy-refused", "hostile-markdown", "hostile-names",
	}},
	"dot": {func(w io.Writer, plan *planner.Plan) error { return PlanDOT(w, Style{}, plan) }, []string{
		"no-changes", "create-everything", "destroy-refused", "hostile-markdown", "hostile-names",
	}},
}

func TestSituationsInFull(t *testing.T) {
	for format, full := range inFull {
		for _, name := range full.situations {
			t.Run(format+"/"+name, func(t *testing.T) {
				s, known := situations[name]
				if !known {
					t.Fatal("there is no such situation")
				}
				plan := s.plan(t)
				golden(t, "situation/"+name+"/plan."+format, func(w io.Writer) error { return full.write(w, plan) })
			})
		}
	}
}

// withoutAssets returns a page without what all pages have in common.
func withoutAssets(w io.Writer, plan *planner.Plan) error {
	var b strings.Builder
	if err := PlanHTML(&b, plan); err != nil {
		return err
	}
	policy := template.HTMLEscapeString(pagePolicy)
	_, err := strings.NewReplacer(pageStyle, "…", pageScript, "…", strings.ReplaceAll(policy, "+", "&#43;"), "…").WriteString(w, b.String())
	return err
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// TestApplyThenPlanIsEmpty holds for random stacks: what was applied is what
// the next plan finds, one stack can follow another, and destroying the last
// one leaves nothing of either.
func TestApplyThenPlanIsEmpty(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of the whole program")
	}
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPlayground(t)
		defer p.close()
		for i := range 2 {
			p.write(stackFile(t, fmt.Sprintf("stack %d", i)))
			p.must(exitOK, "apply", "--auto-approve", "--allow", "binding-removal,dispatcher-replace")
			p.must(exitOK, "plan", "--detailed-exitcode")
		}
		p.must(exitOK, "destroy", "--auto-approve", "--allow", "namespace-delete,store-delete")
		p.expectNothingOurs()
	})
}

// playground runs the program in this process, in a folder of its own.
type playground struct {
	t        *rapid.T
	dir      string
	account  *emulator.Emulator
	server   *httptest.Server
	stackYML string
	zone     string // the path of the only one
}

func newPlayground(t *rapid.T) *playground {
	dir, err := os.MkdirTemp("", "wfpsync")
	if err != nil {
		t.Fatal(err)
	}
	account, err := emulator.Open(emulator.Options{Dir: filepath.Join(dir, "account"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := account.EnsureZone(emulator.LocalAccountID, "example.com"); err != nil {
		t.Fatal(err)
	}
	var zones struct{ Result []struct{ ID string } }
	_, body := requestAt(account, http.MethodGet, "/zones")
	if err := json.Unmarshal(body, &zones); err != nil {
		t.Fatal(err)
	}
	return &playground{t: t, dir: dir, account: account, server: httptest.NewServer(account), zone: "/zones/" + zones.Result[0].ID}
}

func (p *playground) close() {
	p.server.Close()
	_ = p.account.Close()
	_ = os.RemoveAll(p.dir)
}

func (p *playground) write(text string) {
	p.stackYML = text
	if err := os.WriteFile(filepath.Join(p.dir, "wfpsync.yaml"), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// must runs a command line that must exit with a code.
func (p *playground) must(code int, args ...string) {
	p.run(code, append(args, "-f", p.dir)...)
}

// run runs a command line that must exit with a code, and returns what it prints.
func (p *playground) run(code int, args ...string) string {
	o := program{url: p.server.URL}.run(p.t.Context(), args...)
	if o.code != code {
		p.t.Fatalf("wfpsync %s: exit code %d, want %d\n%s\n%s%s", strings.Join(args, " "), o.code, code, p.stackYML, o.stdout, o.stderr)
	}
	return o.stdout
}

// expectNothingOurs looks for scripts, and for what the last stack declares.
// Dispatch namespaces and stores of an earlier stack stay, because no file
// declares them any more, and what is in a zone that the last stack does not name.
func (p *playground) expectNothingOurs() {
	for _, path := range []string{"/storage/kv/namespaces", "/d1/database", "/r2/buckets", "/queues"} {
		var stores struct{ Result any }
		p.get(path, &stores)
		for _, name := range storeNames {
			if strings.Contains(p.stackYML, "name: "+name+" ") && strings.Contains(encode(p.t, stores.Result), `"`+name+`"`) {
				p.t.Errorf("left in %s: %v\n%s", path, stores.Result, p.stackYML)
			}
		}
	}
	for path, mark := range map[string]string{"/dns_records": "[wfpsync.property]", "/custom_hostnames": `"wfpsync":"property"`} {
		_, body := requestAt(p.account, http.MethodGet, p.zone+path)
		if strings.Contains(p.stackYML, "example.com") && strings.Contains(string(body), mark) {
			p.t.Errorf("left in the zone: %s\n%s", body, p.stackYML)
		}
	}
	for _, path := range p.scriptPaths() {
		var scripts struct{ Result []any }
		p.get(path, &scripts)
		for _, script := range scripts.Result {
			if path == "/workers/scripts" || !p.undeclared(path) {
				p.t.Errorf("left in %s: %v\n%s", path, script, p.stackYML)
			}
		}
	}
}

// undeclared reports whether the last stack does not declare the namespace of a
// path, whose user Workers are then left alone.
func (p *playground) undeclared(path string) bool {
	name := strings.Split(path, "/")[4]
	return !strings.Contains(p.stackYML, "\n  "+name+": {}")
}

// scriptPaths returns the lists of scripts that the account has.
func (p *playground) scriptPaths() []string {
	var namespaces struct {
		Result []struct {
			Name string `json:"namespace_name"`
		}
	}
	p.get("/workers/dispatch/namespaces", &namespaces)
	paths := []string{"/workers/scripts"}
	for _, n := range namespaces.Result {
		paths = append(paths, "/workers/dispatch/namespaces/"+n.Name+"/scripts")
	}
	return paths
}

func (p *playground) get(path string, answer any) {
	if _, body := request(p.account, http.MethodGet, path); json.Unmarshal(body, answer) != nil {
		p.t.Fatalf("%s: %s", path, body)
	}
}

// storeNames are the names that stores have in the account.
var storeNames = []string{"a-database", "a-bucket", "a-queue-1", "a-queue-2"}

// storeSections draws the stores of a stack file. A stack with fewer namespaces
// than the one before leaves user Workers alone, and a queue that they are bound
// to cannot be deleted: such a stack has another queue.
func storeSections(draw func(string, int) int, namespaces int) string {
	var b strings.Builder
	b.WriteString("kv_namespaces:\n  data: { title: Data }\n")
	b.WriteString("d1_databases:\n  data: { name: a-database }\n")
	classes, locations := []string{"", ", storage_class: Standard", ", storage_class: InfrequentAccess"}, []string{"", ", location: weur"}
	fmt.Fprintf(&b, "r2_buckets:\n  data: { name: a-bucket %s%s }\n  europe: { name: a-bucket, jurisdiction: eu }\n",
		classes[draw("storage class", 2)], locations[draw("location", 1)])
	settings := []string{"", ", delivery_delay: 0", ", delivery_delay: 5", ", message_retention_period: 60"}
	fmt.Fprintf(&b, "queues:\n  data: { name: a-queue-%d %s }\n", namespaces, settings[draw("queue", 3)])
	return b.String()
}

// zoneSections draws what a stack file has in a zone. A hostname without
// metadata is recognised by its name alone. So a later file that gives it some
// adopts it, and it stays when no file has it any more.
func zoneSections(t *rapid.T, draw func(string, int) int, label string, complete bool) string {
	var b strings.Builder
	comments := []string{", comment: some words", `, comment: ""`, ""}
	if complete {
		comments = comments[:2]
	}
	b.WriteString("dns_records:\n")
	for i := range draw("records", 3) {
		fmt.Fprintf(&b, "  r%d: { zone_name: example.com, name: r%d.example.com%s%s }\n", i, i,
			[]string{"", ", content: 100::1", ", type: A, content: 192.0.2.1", ", type: CNAME, content: o.example.net", ", proxied: false, ttl: 300"}[draw("record", 4)],
			comments[draw("comment", len(comments)-1)])
	}
	b.WriteString("custom_hostnames:\n")
	for i := range draw("hostnames", 3) {
		fields := map[string]any{"zone_name": "example.com", "hostname": fmt.Sprintf("h%d.customer.dev", i), "adopt": true}
		if complete || draw("metadata", 2) > 0 {
			fields["custom_metadata"] = rapid.MapOfN(rapid.StringMatching("[a-z]{1,5}"), jsonValue(1), 0, 3).Draw(t, label+" metadata")
		}
		if ssl := draw("ssl", 3); ssl > 0 && !complete {
			fields["ssl"] = []map[string]any{{"method": "txt"}, {"wildcard": true, "settings": map[string]any{"http2": "on"}}, {"settings": map[string]any{"ciphers": []string{"AES128-SHA"}}}}[ssl-1]
		}
		fmt.Fprintf(&b, "  h%d: %s\n", i, encode(t, fields))
	}
	return b.String()
}

// stackFile draws a stack file. Workers are written as JSON, which is
// YAML but for some characters.
func stackFile(t *rapid.T, label string) string { return drawStack(t, label, false) }

// drawStack draws a stack file; a complete one leaves nothing of a Worker as it
// is, should it be there.
func drawStack(t *rapid.T, label string, complete bool) string {
	draw := func(what string, n int) int { return rapid.IntRange(0, n).Draw(t, label+" "+what) }
	namespaces := []string{"alpha", "beta"}[:1+draw("namespaces", 1)]
	var b strings.Builder
	b.WriteString("version: 1\nname: property\ndispatch_namespaces:\n")
	for _, name := range namespaces {
		fmt.Fprintf(&b, "  %s: {}\n", name)
	}
	b.WriteString(storeSections(draw, len(namespaces)))
	b.WriteString(zoneSections(t, draw, label, complete))
	b.WriteString("workers:\n")
	consumer := draw("consumer", 3) // of the queue; maybe none of the Workers
	for i := range 1 + draw("workers", 2) {
		worker := scriptFields(t, fmt.Sprintf("%s worker %d", label, i))
		if i > 0 && draw("service", 1) == 1 {
			worker["services"] = []any{map[string]any{"binding": "SERVICE", "service": fmt.Sprintf("w%d", i-1)}}
		}
		if draw("dispatcher", 1) == 1 {
			worker["dispatch_namespaces"] = []any{map[string]any{"binding": "NS", "namespace": namespaces[0]}}
		}
		worker["routes"] = [][]any{
			{},
			{map[string]any{"pattern": fmt.Sprintf("w%d.example.com/*", i), "zone_name": "example.com"}},
			{fmt.Sprintf("w%d.example.com/*", i), map[string]any{"pattern": fmt.Sprintf("d%d.example.com", i), "custom_domain": true}},
		}[draw("routes", 2)]
		if complete {
			worker["workers_dev"], worker["preview_urls"] = draw("workers.dev", 1) == 1, draw("previews", 1) == 1
			worker["triggers"] = map[string]any{"crons": []string{}}
		}
		if crons := draw("crons", 3); crons > 0 {
			worker["triggers"] = map[string]any{"crons": []string{"0 0 * * *", "*/5 * * * MON-FRI"}[:crons-1]}
		}
		if draw("subdomain", 1) == 1 {
			worker[[]string{"workers_dev", "preview_urls"}[draw("which", 1)]] = draw("on", 1) == 1
		}
		queues, _ := worker["queues"].(map[string]any)
		if queues == nil {
			queues = map[string]any{}
		}
		queues["consumers"] = []any{}
		if i == consumer {
			queues["consumers"] = []any{map[string]any{"ref": "data", "max_retries": draw("retries", 3)}}
		}
		worker["queues"] = queues
		fmt.Fprintf(&b, "  w%d: %s\n", i, encode(t, worker))
	}
	b.WriteString("user_workers:\n")
	for i := range draw("user workers", 4) {
		worker := scriptFields(t, fmt.Sprintf("%s user worker %d", label, i))
		worker["dispatch_namespace"] = namespaces[i%len(namespaces)]
		fmt.Fprintf(&b, "  u%d: %s\n", i, encode(t, worker))
	}
	return b.String()
}

// scriptFields draws what Workers and user Workers have in common.
func scriptFields(t *rapid.T, label string) map[string]any {
	some := func(what string) bool { return rapid.Bool().Draw(t, label+" "+what) }
	fields := map[string]any{
		"compatibility_date": rapid.SampledFrom([]string{"2025-01-01", "2026-10-01"}).Draw(t, label+" date"),
		"script":             fmt.Sprintf("export default { fetch() { return new Response(%d) } }", rapid.IntRange(0, 2).Draw(t, label+" code")),
	}
	vars := map[string]any{}
	for i := range rapid.IntRange(0, 3).Draw(t, label+" vars") {
		vars[fmt.Sprintf("V%d", i)] = jsonValue(2).Draw(t, label+" value")
	}
	fields["vars"] = vars
	if some("kv") {
		fields["kv_namespaces"] = []any{map[string]any{"binding": "KV", "ref": "data"}}
	}
	if some("d1") {
		fields["d1_databases"] = []any{map[string]any{"binding": "DB", "ref": "data"}}
	}
	if some("r2") {
		bucket := rapid.SampledFrom([]string{"data", "europe"}).Draw(t, label+" bucket")
		fields["r2_buckets"] = []any{map[string]any{"binding": "BUCKET", "ref": bucket}}
	}
	if some("queue") {
		producer := map[string]any{"binding": "QUEUE", "ref": "data"}
		if some("delay") {
			producer["delivery_delay"] = rapid.IntRange(0, 60).Draw(t, label+" seconds")
		}
		fields["queues"] = map[string]any{"producers": []any{producer}}
	}
	if some("secret") {
		fields["secrets"] = map[string]any{"SECRET": map[string]any{"env": "A_SECRET"}}
	}
	if some("limits") {
		fields["limits"] = map[string]any{"cpu_ms": rapid.IntRange(1, 300000).Draw(t, label+" cpu")}
	}
	if some("observability") {
		fields["observability"] = map[string]any{"enabled": some("enabled"), "head_sampling_rate": rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, label+" rate")}
	}
	if some("tags") {
		fields["tags"] = rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9-]{0,20}`), 0, 4, rapid.ID).Draw(t, label+" tags")
	}
	if some("flags") {
		fields["compatibility_flags"] = []string{"nodejs_compat"}
	}
	if some("logpush") {
		fields["logpush"] = some("on")
	}
	return fields
}

// jsonValue draws what a variable may hold.
func jsonValue(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Map(rapid.StringN(0, 20, 60), func(s string) any { return s }),
		rapid.Map(rapid.IntRange(-1<<50, 1<<50), func(n int) any { return n }),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	return rapid.OneOf(append(scalars,
		rapid.Map(rapid.SliceOfN(jsonValue(depth-1), 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.StringN(1, 8, 24), jsonValue(depth-1), 0, 3), func(m map[string]any) any { return m }),
	)...)
}

func encode(t *rapid.T, value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder                                             // in ASCII: YAML does not take every character that JSON does
	for _, r := range strings.ReplaceAll(string(data), "${", "$${") { // no expressions
		if r > '~' {
			fmt.Fprintf(&b, `\U%08x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

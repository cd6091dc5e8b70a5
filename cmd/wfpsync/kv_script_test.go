package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// kv put TITLE KEY VALUE writes a pair as another program would. kv change
// TITLE KEY VALUE writes the value of a pair, and keeps its metadata. kv fill
// TITLE PREFIX N writes N pairs. kv get TITLE KEY puts a value into the file
// kv.txt; ! kv get expects none. kv keys TITLE puts the list of keys into the
// file kv.txt.
func cmdKV(ts *testscript.TestScript, neg bool, args []string) {
	namespace := "/storage/kv/namespaces/" + kvNamespaceID(ts, args[1])
	write := func(pairs []map[string]any) {
		body, err := json.Marshal(pairs)
		ts.Check(err)
		if status, answer := ask(ts, http.MethodPut, namespace+"/bulk", string(body)); status != http.StatusOK {
			ts.Fatalf("status %d: %s", status, answer)
		}
	}
	switch args[0] {
	case "put":
		write([]map[string]any{{"key": args[2], "value": args[3]}})
	case "change":
		_, answer := ask(ts, http.MethodGet, namespace+"/metadata/"+url.PathEscape(args[2]))
		var metadata struct{ Result any }
		ts.Check(json.Unmarshal(answer, &metadata))
		write([]map[string]any{{"key": args[2], "value": args[3], "metadata": metadata.Result}})
	case "fill":
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		var pairs []map[string]any
		for i := range n {
			pairs = append(pairs, map[string]any{"key": fmt.Sprintf("%s%05d", args[2], i), "value": "x"})
		}
		write(pairs)
	case "get", "keys":
		path := namespace + "/keys"
		if args[0] == "get" {
			path = namespace + "/values/" + url.PathEscape(args[2])
		}
		status, answer := ask(ts, http.MethodGet, path)
		if found := status == http.StatusOK; found == neg {
			ts.Fatalf("status %d: %s", status, answer)
		}
		ts.Check(os.WriteFile(ts.MkAbs("kv.txt"), answer, 0o644))
	default:
		ts.Fatalf("unknown word %q", args[0])
	}
}

func kvNamespaceID(ts *testscript.TestScript, title string) string {
	_, body := ask(ts, http.MethodGet, "/storage/kv/namespaces?per_page=1000")
	var answer struct {
		Result []struct{ ID, Title string }
	}
	ts.Check(json.Unmarshal(body, &answer))
	for _, n := range answer.Result {
		if n.Title == title {
			return n.ID
		}
	}
	ts.Fatalf("there is no KV namespace %q", title)
	return ""
}

// rows FILE N writes a list of N tenants.
func cmdRows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("id\n")
	for i := range n {
		fmt.Fprintf(&b, "tenant-%05d\n", i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

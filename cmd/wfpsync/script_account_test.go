package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// api METHOD PATH [BODY] asks the account, as curl would, and puts the answer into
// the file api.json. PATH begins after /accounts/ID.
func cmdAPI(ts *testscript.TestScript, neg bool, args []string) {
	status, body := ask(ts, args[0], args[1], args[2:]...)
	absent := bytes.Contains(body, []byte(`"result":{"script":null}`)) // the other way to say so, see [shapeWord]
	if ok := status < 400 && !absent; ok == neg {
		ts.Fatalf("status %d: %s", status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs("api.json"), body, 0o644))
}

func ask(ts *testscript.TestScript, method, path string, sent ...string) (int, []byte) {
	var status int
	var body []byte
	worldOf(ts).with(ts, func(account *emulator.Emulator) { status, body = request(account, method, path, sent...) })
	return status, body
}

// empty expects an account without anything in it.
func cmdEmpty(ts *testscript.TestScript, _ bool, _ []string) {
	for _, path := range []string{"/workers/dispatch/namespaces", "/workers/scripts", "/storage/kv/namespaces"} {
		status, body := ask(ts, http.MethodGet, path)
		var answer struct{ Result []any }
		ts.Check(json.Unmarshal(body, &answer))
		if status != http.StatusOK || len(answer.Result) > 0 {
			ts.Fatalf("%s is not empty: %s", path, body)
		}
	}
}

// assets NAMESPACE NAME puts the static files that a script serves into the file
// assets.txt, each as PATH TYPE HASH CONTENT; the namespace - stands for the
// account itself.
func cmdAssets(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		served, err := account.ForTests().ServedAssets(emulator.LocalAccountID, strings.TrimPrefix(args[0], "-"), args[1])
		ts.Check(err)
		for _, file := range served {
			fmt.Fprintf(&b, "%s %q %s %q\n", file.Path, file.Type, file.Hash, file.Content)
		}
	})
	ts.Check(os.WriteFile(ts.MkAbs("assets.txt"), []byte(b.String()), 0o644))
}

// consume QUEUE WORKER makes a Worker the consumer of a queue, as another
// program would; the Worker - is none.
func cmdConsume(ts *testscript.TestScript, _ bool, args []string) {
	var answer struct {
		Result []struct {
			ID        string `json:"queue_id"`
			Consumers []struct {
				ID string `json:"consumer_id"`
			}
		}
	}
	_, body := ask(ts, http.MethodGet, "/queues?name="+args[0])
	ts.Check(json.Unmarshal(body, &answer))
	path := "/queues/" + answer.Result[0].ID + "/consumers"
	var status int
	if args[1] == "-" {
		status, body = ask(ts, http.MethodDelete, path+"/"+answer.Result[0].Consumers[0].ID)
	} else {
		status, body = ask(ts, http.MethodPost, path, fmt.Sprintf(`{"type":"worker","script_name":%q}`, args[1]))
	}
	if status != http.StatusOK {
		ts.Fatalf("status %d: %s", status, body)
	}
}

// upload NAMESPACE NAME [TAG…] uploads a script as another program would; the
// namespace - stands for the account itself. upload NAMESPACE *N uploads N
// scripts.
func cmdUpload(ts *testscript.TestScript, _ bool, args []string) {
	namespace := strings.TrimPrefix(args[0], "-")
	metadata, err := json.Marshal(map[string]any{"tags": args[2:], "compatibility_date": "2026-01-01"})
	ts.Check(err)
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		ts.Check(account.ForTests().Seed(emulator.LocalAccountID, namespace, func(yield func(api.Seed) bool) {
			if n, many := strings.CutPrefix(args[1], "*"); many {
				count, err := strconv.Atoi(n)
				ts.Check(err)
				for i := range count {
					if !yield(api.Seed{Name: fmt.Sprintf("seeded-%05d", i), Metadata: metadata}) {
						return
					}
				}
				return
			}
			yield(api.Seed{Name: args[1], Metadata: metadata})
		}))
	})
}

// tamper NAMESPACE NAME settings JSON | code TEXT | touch | delete changes a
// script behind our back, an hour from now.
func cmdTamper(ts *testscript.TestScript, _ bool, args []string) {
	t := api.Tampering{ModifiedOn: time.Now().Add(time.Hour)}
	switch args[2] {
	case "settings":
		t.Settings = json.RawMessage(args[3])
	case "code":
		t.Modules = []api.Module{{Name: "index.js", Content: []byte(args[3])}}
	case "touch":
		t.Settings = json.RawMessage("{}")
	case "delete":
		t.Delete = true
	default:
		ts.Fatalf("unknown tampering %q", args[2])
	}
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		ts.Check(account.ForTests().Tamper(emulator.LocalAccountID, strings.TrimPrefix(args[0], "-"), args[1], t))
	})
}

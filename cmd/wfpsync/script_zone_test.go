package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// zone NAME… gives the account zones.
func cmdZone(ts *testscript.TestScript, _ bool, args []string) {
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		for _, name := range args {
			ts.Check(account.EnsureZone(emulator.LocalAccountID, name))
		}
	})
}

// dns METHOD ZONE [FILTER|BODY] asks for the DNS records of a zone, adds one,
// or deletes those that a filter matches, as another program would, and puts
// the answer into the file dns.json, without what differs from run to run.
func cmdDNS(ts *testscript.TestScript, _ bool, args []string) {
	inZone(ts, "dns_records", "dns.json", args)
}

// saas METHOD ZONE [FILTER|BODY] does so with custom hostnames, and saas.json.
func cmdSaaS(ts *testscript.TestScript, _ bool, args []string) {
	inZone(ts, "custom_hostnames", "saas.json", args)
}

func inZone(ts *testscript.TestScript, what, file string, args []string) {
	worldOf(ts).with(ts, func(account *emulator.Emulator) {
		send := func(method, path, body string) []byte {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(context.Background(), method, "http://localhost"+emulator.BasePath+path, strings.NewReader(body))
			request.Header.Set("Authorization", "Bearer test")
			if account.ServeHTTP(recorder, request); recorder.Code >= http.StatusBadRequest {
				ts.Fatalf("%s %s: status %d: %s", method, path, recorder.Code, recorder.Body)
			}
			return recorder.Body.Bytes()
		}
		var zones, found struct{ Result []struct{ ID string } }
		ts.Check(json.Unmarshal(send(http.MethodGet, "/zones?name="+args[1], ""), &zones))
		path, rest := "/zones/"+zones.Result[0].ID+"/"+what, strings.Join(args[2:], "")
		var answer []byte
		switch args[0] {
		case http.MethodPost:
			answer = send(http.MethodPost, path, rest)
		default:
			answer = send(http.MethodGet, path+"?"+rest, "")
			ts.Check(json.Unmarshal(answer, &found))
		}
		if args[0] == http.MethodDelete {
			for _, r := range found.Result {
				answer = send(http.MethodDelete, path+"/"+r.ID, "")
			}
		}
		ts.Check(os.WriteFile(ts.MkAbs(file), answer, 0o644))
	})
}

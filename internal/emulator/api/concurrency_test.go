package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// TestConcurrentUploads runs 400 uploads at once, each with its own body. Some
// are refused, and must not abort the others in their transaction.
func TestConcurrentUploads(t *testing.T) {
	const n = 400
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	body := func(i int) string {
		return fmt.Sprintf("export default { fetch() { return new Response('%d %s') } }", i, strings.Repeat("x", i))
	}
	var uploads sync.WaitGroup
	for i := range n {
		uploads.Go(func() {
			metadata := object{"main_module": "index.js", "bindings": []any{object{"type": "plain_text", "name": "I", "text": fmt.Sprint(i)}}}
			if i%10 == 0 {
				metadata["bindings"] = []any{object{"type": "inherit", "name": "I"}}
			}
			contentType, form := emulatortest.Form(t, "metadata", metadata, emulatortest.JS("index.js", body(i)))
			r := a.Send("PUT", emulatortest.Script("prod", fmt.Sprint("w-", i))+"?bindings_inherit=strict", contentType, form)
			if wanted := map[bool]int{true: http.StatusBadRequest, false: http.StatusOK}[i%10 == 0]; r.Status != wanted {
				t.Errorf("upload %d: %d %s", i, r.Status, r.Body)
			}
		})
	}
	uploads.Wait()
	if got := a.Get("/workers/dispatch/namespaces/prod").Field("script_count"); got != fmt.Sprint(n-n/10) {
		t.Errorf("script_count is %s", got)
	}
	for i := range n {
		path := emulatortest.Script("prod", fmt.Sprint("w-", i))
		if i%10 == 0 {
			a.Get(path).Fails(404, 10092)
			continue
		}
		if got := content(t, a.Get(path+"/content").OK()); got["index.js"] != body(i) {
			t.Errorf("%s has the code %q", path, got["index.js"])
		}
		if got := a.Get(path + "/bindings"); !strings.Contains(string(got.Result), fmt.Sprintf(`"text":"%d"`, i)) {
			t.Errorf("%s has the bindings %s", path, got.Result)
		}
	}
}

// TestConcurrentWritesToOneScript changes one script concurrently. Each write
// must see the ones before it.
func TestConcurrentWritesToOneScript(t *testing.T) {
	const n = 60
	a := emulatortest.Open(t, emulator.Options{})
	a.Upload(emulatortest.Worker("router"), nil).OK()
	var writes sync.WaitGroup
	for i := range n {
		writes.Go(func() {
			if r := a.JSON("PUT", emulatortest.Worker("router")+"/secrets", object{"name": fmt.Sprint("S", i), "text": "x"}); r.Status != http.StatusOK {
				t.Errorf("secret %d: %s", i, r.Body)
			}
		})
		writes.Go(func() { a.Get("/workers/scripts") })
	}
	writes.Wait()
	if got := strings.Count(bindingNames(a, emulatortest.Worker("router")), "secret_text"); got != n {
		t.Errorf("%d secrets are left of %d", got, n)
	}
	if got := len(versions(a, "router")); got != n+1 {
		t.Errorf("there are %d versions", got)
	}
}

// TestConcurrentAccounts uses new accounts concurrently.
func TestConcurrentAccounts(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	var requests sync.WaitGroup
	for i := range 40 {
		requests.Go(func() { a.Get(fmt.Sprintf("/accounts/account-%d/workers/scripts", i%4)).OK() })
	}
	requests.Wait()
	if got := a.Get("/accounts").OK().ResultInfo.TotalCount; got != 5 {
		t.Errorf("there are %d accounts", got)
	}
}

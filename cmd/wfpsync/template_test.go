package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// deleter is an account in which another program deletes a user Worker right
// before wfpsync asks something of it for the nth time.
type deleter struct {
	account *emulator.Emulator
	worker  string
	method  string
	nth     int

	mu   sync.Mutex
	seen int
	t    *testing.T
}

func (d *deleter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	if r.Method == d.method && strings.Contains(r.URL.Path, "/scripts/"+d.worker) {
		if d.seen++; d.seen == d.nth {
			if err := d.account.ForTests().Tamper(emulator.LocalAccountID, "fleet", d.worker, api.Tampering{Delete: true}); err != nil {
				d.t.Error(err)
			}
		}
	}
	d.mu.Unlock()
	d.account.ServeHTTP(w, r)
}

// TestTemplateCreatesNothing deletes a user Worker at each possible moment of
// an apply: a template never brings it back, goes on with the others, and ends
// well.
func TestTemplateCreatesNothing(t *testing.T) {
	settings := strings.Replace(discoveredStack, "manage: [code, compatibility_date]", "manage: [compatibility_date]", 1)
	settings = strings.Replace(settings, "    script: export default { fetch() {} }\n", "", 1)
	for name, c := range map[string]struct {
		stack, method string
		nth           int
		leftOut       bool // of the plan already
	}{
		"while the plan reads it":           {discoveredStack, http.MethodGet, 1, true},
		"while the plan reads its code":     {discoveredStack, http.MethodGet, 2, true},
		"before it is looked at":            {discoveredStack, http.MethodGet, 3, false},
		"before its settings are looked at": {settings, http.MethodGet, 3, false},
		"before its settings are changed":   {settings, http.MethodPatch, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSimulation(t, t.TempDir(), emulator.Options{})
			defer s.stop()
			h := &herd{simulation: s, counter: &counter{}, n: 3}
			s.write(c.stack)
			h.seed(3, []string{"plan:pro"})
			s.write(strings.ReplaceAll(c.stack, "2026-01-01", "2026-02-02"))
			s.handler.set(&deleter{account: s.account, worker: tenant(1), method: c.method, nth: c.nth, t: t})
			o := s.must(exitOK, "apply", "--auto-approve")
			if !strings.Contains(o.stdout, "2 changed") {
				t.Errorf("the others were not changed:\n%s", o.stdout)
			}
			if told := strings.Contains(o.stderr, "a template creates nothing") && strings.Contains(o.stdout, "deleted since by the program that uploads them"); told == c.leftOut {
				t.Errorf("told of it: %v\n%s\n%s", told, o.stderr, o.stdout)
			}
			s.handler.set(s.account)
			if o := s.must(exitOK, "plan", "--detailed-exitcode"); !strings.Contains(o.stdout, "No changes.") {
				t.Error(o.stdout)
			}
			for name, want := range map[string]int{tenant(0): http.StatusOK, tenant(1): http.StatusNotFound, tenant(2): http.StatusOK} {
				if status := h.status(name); status != want {
					t.Errorf("%s: status %d, want %d", name, status, want)
				}
			}
		})
	}
}

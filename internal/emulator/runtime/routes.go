package runtime

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A table says which Worker handles which request.
type table struct {
	Routes     []route  `json:"routes"`     // the first that matches counts
	Domains    []route  `json:"domains"`    // used if no route leads to a Worker: they are origins
	Workers    []string `json:"workers"`    // all of them
	Default    string   `json:"default"`    // handles what no route matches: the only dispatcher, or the only Worker; may be empty
	Dispatcher *current `json:"dispatcher"` // the current one; nil: none

	// Hostnames are the custom hostnames with metadata. Workers see it in
	// request.cf.hostMetadata.
	Hostnames map[string]json.RawMessage `json:"hostnames"`
}

// A current is the live revision of a Worker.
type current struct {
	Worker   string `json:"worker"`
	Revision string `json:"revision"`
}

type route struct {
	Pattern string  `json:"pattern"`
	Host    pattern `json:"host"`
	Path    pattern `json:"path"`
	Worker  string  `json:"worker"` // empty: the route bypasses all Workers
}

// A pattern is text, or the fixed end of one: the last part of a host, or the
// first of a path.
type pattern struct {
	Text string `json:"text"`
	Open bool   `json:"open"`
}

// routes returns the table.
func (r *Runtime) routes(*http.Request) (response, error) {
	made := table{Routes: []route{}, Domains: []route{}, Workers: []string{}, Hostnames: map[string]json.RawMessage{}}
	err := r.parts.Store.View(func(tx *store.Tx) error {
		for _, zone := range tx.Zones() {
			if zone.AccountID != r.options.Account {
				continue
			}
			for _, stored := range tx.Routes(zone.ID) {
				made.Routes = append(made.Routes, parseRoute(zone.Name, stored))
			}
			for _, h := range tx.CustomHostnames(zone.ID) {
				if h.CustomMetadata != nil {
					made.Hostnames[h.Hostname] = h.CustomMetadata
				}
			}
		}
		for _, d := range tx.CustomDomains(r.options.Account) {
			made.Domains = append(made.Domains, parseRoute("", store.Route{Pattern: d.Hostname + "/*", Script: d.Script}))
		}
		for head := range tx.Workers(r.options.Account).Heads("") {
			made.Workers = append(made.Workers, head.Name)
		}
		made.Default = OnlyDispatcher(tx, r.options.Account)
		if made.Default == "" && len(made.Workers) == 1 {
			made.Default = made.Workers[0]
		}
		if worker, revision := r.dispatcherRevision(tx); worker != "" {
			made.Dispatcher = &current{worker, revision}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(made.Routes, route.compare)
	return jsonResponse(made)
}

// OnlyDispatcher returns the Worker of an account with a dispatch namespace,
// which handles what no route matches, or "" if there is none or more than one.
func OnlyDispatcher(tx *store.Tx, account string) string {
	only, workers := "", tx.Workers(account)
	for name := range workers.Names() {
		script, _ := workers.Get(name)
		if len(script.Dispatches()) == 0 {
			continue
		}
		if only != "" {
			return ""
		}
		only = name
	}
	return only
}

// parseRoute splits a pattern that the API has accepted:
// [scheme://]host[/path], with a star at the beginning of the host or at the
// end of the path. Here, http and https are the same. A star alone is every
// host of the zone.
func parseRoute(zone string, stored store.Route) route {
	_, rest, hasScheme := strings.Cut(stored.Pattern, "://")
	if !hasScheme {
		rest = stored.Pattern
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if !hasPath && strings.HasSuffix(host, "*") {
		path = "*" // "example.com*": the star stands for the path
		if host != "*" {
			host = strings.TrimSuffix(host, "*")
		}
	}
	if host == "*" {
		host += zone
	}
	name, anyHost := strings.CutPrefix(strings.ToLower(host), "*")
	start, anyPath := strings.CutSuffix("/"+path, "*")
	return route{
		Pattern: stored.Pattern,
		Host:    pattern{Text: name, Open: anyHost},
		Path:    pattern{Text: start, Open: anyPath},
		Worker:  stored.Script,
	}
}

// compare sorts the more specific route first, as the platform does: by the
// host, then by the path.
func (r route) compare(other route) int {
	return cmp.Or(r.Host.compare(other.Host), r.Path.compare(other.Path), strings.Compare(r.Pattern, other.Pattern))
}

func (p pattern) compare(other pattern) int {
	if p.Open != other.Open {
		if other.Open {
			return -1
		}
		return 1
	}
	return cmp.Compare(len(other.Text), len(p.Text))
}

package page

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// overviewView is what the page always shows.
type overviewView struct {
	Workers    string          `json:"workers"` // their address as host:port
	Own        int             `json:"own"`     // number of the account's own Workers
	Namespaces []namespaceView `json:"namespaces"`
	Hosts      []string        `json:"hosts"` // some that lead to a Worker
	File       reportView      `json:"file"`
}

type namespaceView struct {
	Name    string `json:"name"`
	Workers int    `json:"workers"`
}

func (p *Page) overview(*http.Request) (any, error) {
	view := overviewView{Workers: p.options.Workers, Namespaces: []namespaceView{}, Hosts: []string{}, File: viewReport(*p.report.Load())}
	err := p.store.View(func(tx *store.Tx) error {
		own := tx.Workers(p.options.Account)
		view.Own = own.Count()
		for _, n := range tx.DispatchNamespaces(p.options.Account) {
			view.Namespaces = append(view.Namespaces, namespaceView{n.Name, tx.UserWorkers(p.options.Account, n.ID).Count()})
		}
		for _, way := range p.reached(tx) {
			view.Hosts = append(view.Hosts, p.examples(tx, way)...)
		}
		for name := range own.Names() {
			view.Hosts = append(view.Hosts, p.localHost(name))
		}
		return nil
	})
	view.Hosts = unique(view.Hosts)
	view.Hosts = view.Hosts[:min(len(view.Hosts), maxWays)]
	return view, err
}

// maxExamples is how many names of tenants replace a route's star in examples.
const maxExamples = 5

// examples returns hosts of a way.
func (p *Page) examples(tx *store.Tx, way reach) []string {
	rest, open := strings.CutPrefix(way.Host, "*")
	if !open {
		return []string{way.Host}
	}
	hosts := p.labels(tx, way.worker)
	for i, label := range hosts {
		hosts[i] = label + rest
	}
	return hosts
}

// labels returns the labels that hostnames probably use for some of the user
// Workers behind a dispatcher.
func (p *Page) labels(tx *store.Tx, dispatcher string) []string {
	var labels []string
	script, _ := tx.Workers(p.options.Account).Get(dispatcher)
	for _, namespace := range script.Dispatches() {
		for _, c := range p.containers(tx, []string{namespace}) {
			for name := range c.scripts.Names() {
				if len(labels) == maxExamples {
					return labels
				}
				labels = append(labels, labelOf(c.scripts, name))
			}
		}
	}
	return labels
}

// A reach is a way from outside to a Worker of the account.
type reach struct {
	Kind    string `json:"kind"` // route, custom domain, address or any other host
	Pattern string `json:"pattern"`
	Host    string `json:"host"`
	Path    string `json:"path"`
	worker  string
}

// reached returns all ways that lead to a Worker, except its own address:
// routes sorted by pattern, custom domains, and all other hosts, which lead to
// the only dispatcher.
func (p *Page) reached(tx *store.Tx) []reach {
	var list []reach
	for _, zone := range tx.Zones() {
		if zone.AccountID != p.options.Account {
			continue
		}
		for _, r := range tx.Routes(zone.ID) {
			if r.Script != "" {
				host, path := splitPattern(r.Pattern, zone.Name)
				list = append(list, reach{"route", r.Pattern, host, path, r.Script})
			}
		}
	}
	slices.SortFunc(list, func(a, b reach) int { return strings.Compare(a.Pattern, b.Pattern) })
	for _, d := range tx.CustomDomains(p.options.Account) {
		list = append(list, reach{"custom domain", d.Hostname, d.Hostname, "/", d.Script})
	}
	if name := runtime.OnlyDispatcher(tx, p.options.Account); name != "" {
		host := p.localHost("*")
		list = append(list, reach{"any other host", "http://" + host + "/", host, "/", name})
	}
	return list
}

// splitPattern returns the host of a route's pattern, with its star, and a path
// that it matches.
func splitPattern(pattern, zone string) (host, path string) {
	if _, rest, hasScheme := strings.Cut(pattern, "://"); hasScheme {
		pattern = rest
	}
	host, path, _ = strings.Cut(pattern, "/")
	if host == "*" {
		return "*." + zone, "/"
	}
	return strings.TrimSuffix(host, "*"), "/" + strings.TrimSuffix(path, "*")
}

// localHost returns the hostname of a Worker for browsers on this machine.
func (p *Page) localHost(worker string) string {
	_, port, _ := strings.Cut(p.options.Workers, ":")
	return worker + ".localhost:" + port
}

// unique drops repeated texts.
func unique(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s string) bool {
		before := seen[s]
		seen[s] = true
		return before
	})
}

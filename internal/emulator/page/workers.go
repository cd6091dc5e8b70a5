package page

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// maxListed is how many Workers are on a page of the list: a browser never has
// more in memory.
const maxListed = 100

// workersView is a page of the list of matching Workers.
type workersView struct {
	Total  int        `json:"total"` // number of matches
	Offset int        `json:"offset"`
	Items  []listItem `json:"items"`
}

type listItem struct {
	Namespace  string    `json:"namespace"` // "" for a Worker of the account itself
	Name       string    `json:"name"`
	ModifiedOn time.Time `json:"modified_on"`
	Errors     int       `json:"errors"` // number of its errors that are kept
}

// workers lists Workers: ?namespace=NAME those of a namespace, ?namespace= the
// account's own, and without it all. ?q=WORDS lists those whose names contain
// all of the words, and ?offset=N starts at the N-th.
func (p *Page) workers(r *http.Request) (any, error) {
	query := r.URL.Query()
	offset, err := strconv.Atoi(query.Get("offset"))
	if err != nil || offset < 0 {
		offset = 0
	}
	words := strings.Fields(strings.ToLower(query.Get("q")))
	errors := p.hub.errors()
	view := workersView{Offset: offset, Items: []listItem{}}
	err = p.store.View(func(tx *store.Tx) error {
		for _, c := range p.containers(tx, query["namespace"]) {
			for name := range c.scripts.Names() {
				if !matchesAll(c.namespace+"/"+name, words) {
					continue
				}
				if view.Total++; view.Total <= offset || len(view.Items) == maxListed {
					continue
				}
				head, _ := c.scripts.Head(name)
				view.Items = append(view.Items, listItem{c.namespace, name, head.ModifiedOn, errors[messageName(c.namespace, name)]})
			}
		}
		return nil
	})
	return view, err
}

// A container contains Workers.
type container struct {
	namespace string // "" for the account itself
	scripts   *store.Scripts
}

// containers returns the ones that were asked for, or all: the account first,
// then its namespaces by name.
func (p *Page) containers(tx *store.Tx, asked []string) []container {
	list := []container{{"", tx.Workers(p.options.Account)}}
	for _, n := range tx.DispatchNamespaces(p.options.Account) {
		list = append(list, container{n.Name, tx.UserWorkers(p.options.Account, n.ID)})
	}
	if len(asked) == 0 {
		return list
	}
	for _, one := range list {
		if one.namespace == asked[0] {
			return []container{one}
		}
	}
	return nil
}

func matchesAll(name string, words []string) bool {
	name = strings.ToLower(name)
	for _, word := range words {
		if !strings.Contains(name, word) {
			return false
		}
	}
	return true
}

// messageName returns the name of a Worker in messages.
func messageName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

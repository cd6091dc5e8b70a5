package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// workerView is everything about one Worker except its code.
type workerView struct {
	Namespace  string        `json:"namespace"`
	Name       string        `json:"name"`
	Called     string        `json:"called"` // its name in messages
	CreatedOn  time.Time     `json:"created_on"`
	ModifiedOn time.Time     `json:"modified_on"`
	Reached    []reach       `json:"reached"`
	Elsewhere  int           `json:"elsewhere"` // number of further ways to it
	Through    []string      `json:"through"`   // the Workers that dispatch to it; the routes are theirs
	Label      string        `json:"label"`     // replaces a route's star: its name, or the result of labelOf
	Bindings   []bindingView `json:"bindings"`
	Settings   []setting     `json:"settings"`
	Modules    []moduleView  `json:"modules"`
	Messages   []*message    `json:"messages"`
}

type (
	bindingView struct {
		Name   string `json:"name"`
		Type   string `json:"type"`
		Value  string `json:"value"`
		Secret bool   `json:"secret"` // it has a value, which is never shown
	}

	setting struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}

	moduleView struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size int64  `json:"size"`
		Main bool   `json:"main"`
	}
)

// maxWays is how many ways to a Worker are shown, and how many hosts are
// offered, because there may be thousands of custom domains.
const maxWays = 100

// worker returns a Worker: ?namespace=NAME&name=NAME, with an empty namespace
// for one of the account itself.
func (p *Page) worker(r *http.Request) (any, error) {
	namespace, name := r.FormValue("namespace"), r.FormValue("name")
	var view workerView
	err := p.store.View(func(tx *store.Tx) error {
		for _, c := range p.containers(tx, []string{namespace}) {
			if script, found := c.scripts.Get(name); found {
				view = p.viewWorker(tx, namespace, script)
				return nil
			}
		}
		return fail(http.StatusNotFound, "this Worker no longer exists")
	})
	if err != nil {
		return nil, err
	}
	view.Messages = p.hub.said(view.Called)
	return view, nil
}

func (p *Page) viewWorker(tx *store.Tx, namespace string, script store.Script) workerView {
	view := workerView{
		Namespace: namespace, Name: script.Name, Called: messageName(namespace, script.Name),
		CreatedOn: script.CreatedOn, ModifiedOn: script.ModifiedOn,
		Reached: []reach{}, Through: []string{}, Modules: []moduleView{},
		Label: script.Name, Bindings: p.viewBindings(tx, script), Settings: settingsOf(script),
	}
	leads := []string{script.Name}
	if namespace == "" {
		if labels := p.labels(tx, script.Name); len(labels) > 0 {
			view.Label = labels[0]
		}
		host := p.localHost(script.Name)
		view.Reached = append(view.Reached, reach{Kind: "address", Pattern: "http://" + host + "/", Host: host, Path: "/"})
		for _, queue := range tx.ConsumedBy(p.options.Account, script.Name) {
			view.Settings = append(view.Settings, setting{"consumes queue", queue.Name})
		}
	} else {
		leads = dispatchersTo(tx, p.options.Account, namespace)
		view.Label = labelOf(p.containers(tx, []string{namespace})[0].scripts, script.Name)
		view.Through = append(view.Through, leads...)
	}
	for _, way := range p.reached(tx) {
		switch {
		case !slices.Contains(leads, way.worker):
		case len(view.Reached) == maxWays:
			view.Elsewhere++
		default:
			view.Reached = append(view.Reached, way)
		}
	}
	for _, m := range script.Modules {
		view.Modules = append(view.Modules, moduleView{m.Name, m.Type, m.Size, m.Name == script.EntryPoint})
	}
	return view
}

// labelOf guesses the label that hostnames use for a user Worker. Only the
// dispatcher's code knows how it finds the Worker of a host. If the names in a
// namespace all have the same end, such as customer-a-worker and
// customer-b-worker, that end is probably not part of the host.
func labelOf(scripts *store.Scripts, name string) string {
	at := strings.LastIndexByte(name, '-')
	if at < 1 || scripts.Count() < 2 {
		return name
	}
	for other := range scripts.Names() {
		if !strings.HasSuffix(other, name[at:]) || len(other) == len(name[at:]) {
			return name
		}
	}
	return name[:at]
}

// dispatchersTo returns the Workers with a binding to a namespace.
func dispatchersTo(tx *store.Tx, account, namespace string) []string {
	var names []string
	workers := tx.Workers(account)
	for name := range workers.Names() {
		script, _ := workers.Get(name)
		if slices.Contains(script.Dispatches(), namespace) {
			names = append(names, name)
		}
	}
	return names
}

// viewBindings returns the bindings by name, each with its target on one line.
// They come from what the API shows, so that nothing confidential is among
// them.
func (p *Page) viewBindings(tx *store.Tx, script store.Script) []bindingView {
	views := []bindingView{}
	for i, fields := range api.ViewBindings(script) {
		b := script.Bindings[i]
		delete(fields, "name")
		delete(fields, "type")
		described := store.BindingTypeOf(b.Type)
		view := bindingView{Name: b.Name, Type: b.Type, Value: inWords(fields), Secret: described.Secret}
		switch {
		case described.Size != nil && !described.Secret:
			view.Value = valueOf(described.Value(b, script))
		case described.Title != nil:
			view.Value = cmp.Or(described.Title(tx, p.options.Account, b), view.Value)
		}
		views = append(views, view)
	}
	slices.SortFunc(views, func(a, b bindingView) int { return strings.Compare(a.Name, b.Name) })
	return views
}

// valueOf returns the value of a variable on one line.
func valueOf(value any) string {
	if raw, ok := value.(json.RawMessage); ok {
		return compact(raw)
	}
	return fmt.Sprint(value)
}

// inWords returns fields on one line, or only the value if there is just one.
func inWords(fields map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw, err := json.Marshal(fields[name])
		if err != nil {
			continue
		}
		value := plain(raw)
		if len(fields) > 1 {
			value = name + ": " + value
		}
		parts = append(parts, value)
	}
	return strings.Join(parts, ", ")
}

// settingsOf returns the settings that a Worker has, under wrangler's names.
func settingsOf(script store.Script) []setting {
	list := []setting{}
	add := func(name, value string) {
		if value != "" && value != "null" && value != "{}" && value != "[]" {
			list = append(list, setting{name, value})
		}
	}
	add("compatibility_date", script.CompatibilityDate)
	add("compatibility_flags", strings.Join(script.CompatibilityFlags, ", "))
	for _, s := range script.Schedules {
		add("cron", s.Cron)
	}
	add("handlers", strings.Join(script.Handlers, ", "))
	add("limits", compact(script.Limits))
	add("placement", compact(script.Placement))
	add("observability", compact(script.Observability))
	add("tail_consumers", compact(script.TailConsumers))
	if script.Logpush {
		add("logpush", "true")
	}
	if script.Subdomain.Enabled {
		add("workers_dev", "true")
	}
	if script.Assets != nil {
		var size int64
		for _, file := range script.Assets.Files {
			size += file.Size
		}
		add("assets", fmt.Sprintf("%d files, %d bytes", len(script.Assets.Files), size))
	}
	for _, tag := range script.Tags {
		add("tag", tag)
	}
	return list
}

// compact returns JSON on one line, or "" if there is none.
func compact(raw json.RawMessage) string {
	var line bytes.Buffer
	if json.Compact(&line, raw) != nil {
		return ""
	}
	return line.String()
}

// plain returns JSON on one line, and a string without quotes.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return compact(raw)
}

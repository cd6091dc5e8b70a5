package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// assetDefaults are what the platform does by itself.
// Source: Workers documentation, "Static assets", configuration.
var assetDefaults = spec.Object{
	"html_handling":      "auto-trailing-slash",
	"not_found_handling": "none",
	"run_worker_first":   false,
}

// hasAssets reports whether a Worker has `assets`, which null removes.
func hasAssets(worker *document.Value) bool {
	assets := worker.Get("assets")
	return assets != nil && assets.Kind != document.Null
}

// loadAssets reads `assets`. Workers that name one directory share its files.
func (l *loader) loadAssets(value *document.Value, code *spec.Code) *spec.Assets {
	if !hasAssets(value) {
		return nil
	}
	assets := value.Get("assets")
	directory := assets.Get("directory")
	if assets.Get("keep").IsTrue() {
		l.checkKeptAssets(assets)
		return &spec.Assets{Keep: true}
	}
	if directory.String() == "" {
		l.Report(spec.RuleAssets, assets.Range(), "`assets` names no directory", "name the folder whose files are served: directory: ./public")
		return nil
	}
	if !code.IsNone() {
		l.checkRunWorkerFirst(assets)
	}
	config := spec.Object{}
	for name := range assetDefaults {
		canon.SetIfAny(config, name, assets.Get(name).JSON())
	}
	config, _ = canon.WithoutDefaults(config, assetDefaults).(spec.Object)
	if len(config) == 0 {
		config = nil
	}
	name := layer.CleanPath(directory.String())
	files := l.assets[name]
	if files == nil {
		files = &spec.AssetFiles{Directory: name, At: directory.Range()}
		l.assets[name] = files
	}
	files.Pages = files.Pages || config["html_handling"] != "none"
	return &spec.Assets{Files: files, Config: config}
}

// checkKeptAssets reports settings for serving files that another program
// uploads.
func (l *loader) checkKeptAssets(assets *document.Value) {
	for _, m := range assets.Members {
		if m.Key != "keep" && m.Key != "binding" {
			l.Report(spec.RuleAssets, m.Range(), fmt.Sprintf("`%s` does nothing beside `keep`, which leaves the files as they are", m.Key), "remove one of the two")
		}
	}
}

// assetsBinding reads the binding to a Worker's own assets, if there is one.
func (l *loader) assetsBinding(assets *document.Value) (spec.Binding, bool) {
	return spec.Binding{Type: spec.BindingAssets, At: assets.Range()}, assets.Get("binding") != nil
}

// Limits of the platform on the paths that code answers before assets.
// Source: workers-sdk, packages/workers-shared/utils/configuration.
const (
	maxRunWorkerFirst      = 100
	maxRunWorkerFirstBytes = 100
)

// checkRunWorkerFirst checks the paths whose requests go to the code first.
func (l *loader) checkRunWorkerFirst(assets *document.Value) {
	first := assets.Member("run_worker_first")
	switch {
	case first == nil:
		return
	case first.Value.IsTrue() && assets.Get("binding") == nil:
		l.Warn(spec.RuleUnreachableAssets, first.Range(), "every request goes to the code, which has no binding to the assets",
			"add binding: ASSETS, or remove `run_worker_first`")
		return
	case first.Value.Kind != document.List:
		return
	}
	items := first.Value.Items
	if len(items) > maxRunWorkerFirst {
		l.Report(spec.RuleRunWorkerFirst, first.Range(), fmt.Sprintf("%d paths; the platform allows %d", len(items), maxRunWorkerFirst), "let some end in a star: /api/*")
	}
	positive := false
	seen := map[string]diag.Range{}
	for _, item := range items {
		path := item.String()
		switch first, again := seen[path]; {
		case again:
			l.Report(spec.RuleRunWorkerFirst, item.Range(), fmt.Sprintf("the path %q is given twice", path), "remove one of the two",
				diag.Related{Range: first, Message: "first given here"})
		case !strings.HasPrefix(strings.TrimPrefix(path, "!"), "/"):
			l.Report(spec.RuleRunWorkerFirst, item.Range(), fmt.Sprintf("%q is not a path", path), "a path begins with a slash, as in /api/*; a path to exclude begins with !/")
		case len(path) > maxRunWorkerFirstBytes:
			l.Report(spec.RuleRunWorkerFirst, item.Range(), fmt.Sprintf("the path %q is %d bytes; the platform allows %d", path, len(path), maxRunWorkerFirstBytes), "end it with a star earlier")
		default:
			l.checkCovered(item, items)
		}
		seen[path] = item.Range()
		positive = positive || !strings.HasPrefix(path, "!")
	}
	if !positive {
		l.Report(spec.RuleRunWorkerFirst, first.Range(), "`run_worker_first` names no path whose requests go to the code", "name one: [/api/*], or all but some: [/*, !/images/*]")
	}
}

// checkCovered reports a path that another one with a star includes, which the
// platform refuses.
func (l *loader) checkCovered(item *document.Value, items []*document.Value) {
	for _, other := range items {
		prefix, wildcard := strings.CutSuffix(other.String(), "*")
		if wildcard && other.String() != item.String() && strings.HasPrefix(item.String(), prefix) {
			l.Report(spec.RuleRunWorkerFirst, item.Range(), fmt.Sprintf("the path %q is part of %q", item.String(), other.String()), "remove it",
				diag.Related{Range: other.Range(), Message: "the path that includes it"})
			return
		}
	}
}

// checkWithoutCode reports what does nothing in a Worker that has assets and no
// code. What the defaults say is meant for other Workers.
// Source: workers-sdk, which refuses the binding and leaves the rest out.
func (l *loader) checkWithoutCode(worker, value *document.Value) {
	for _, key := range []string{"binding", "run_worker_first"} {
		if m := value.Get("assets").Member(key); m != nil && (m.Value.Kind != document.Bool || m.Value.Bool) {
			l.Report(spec.RuleAssets, m.Range(), fmt.Sprintf("`%s` needs code, and the Worker has none", key), fmt.Sprintf("name its code with `main`, or remove `%s`", key))
		}
	}
	for _, key := range codeKeys() {
		if m := worker.Member(key); m != nil && m.Value.Kind != document.Null {
			l.Report(spec.RuleAssets, m.Range(), fmt.Sprintf("`%s` does nothing in a Worker without code", key), fmt.Sprintf("name its code with `main`, or remove `%s`", key))
		}
	}
}

// codeKeys returns the fields of a Worker that are about its code, sorted.
func codeKeys() []string {
	keys := append([]string{"vars", "secrets"}, bundlingKeys...)
	keys = append(keys, spec.ScriptOptions...)
	for _, group := range bindingGroups {
		if key := group.topKey(); key != "" && key != "assets" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// idleKeys returns the fields that do nothing in a Worker, which may have them
// from the defaults.
func idleKeys(worker *document.Value) []string {
	switch {
	case worker.Get("script") != nil:
		return bundlingKeys
	case worker.Get("main") == nil && hasAssets(worker):
		return codeKeys()
	}
	return nil
}

package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// start starts the code of an upload, if there is a runtime, and notes what it
// handles. Code that does not start is refused in the platform's words: its
// runtime is the same. A Worker of static files alone is not started.
func (s *Server) start(ctx context.Context, k *code, settings startSettings) error {
	if s.parts.Start == nil || len(k.modules) == 0 {
		return nil
	}
	program := runtime.Program{
		Main: k.entryPoint, AsModule: k.asModule, Date: settings.CompatibilityDate, Flags: settings.CompatibilityFlags,
		Env: settings.variables(),
	}
	for _, m := range k.modules {
		program.Modules = append(program.Modules, runtime.Module{Name: m.Name, Type: m.Type, Content: m.blob.Data})
	}
	started, err := s.parts.Start(ctx, program)
	if err != nil {
		return err
	}
	if refused := StartErrorOf(started); refused != nil {
		return fail(http.StatusBadRequest, refused.Code, "%s", refused.Message)
	}
	k.found = started.Handlers
	return nil
}

// A StartError says why an upload is refused.
type StartError struct {
	Code    int
	Message string // in several lines if the runtime knows a position, or from where something was imported
}

// StartErrorOf returns why started code is refused, or nil.
func StartErrorOf(started runtime.Started) *StartError {
	switch {
	case started.Failure != "":
		return &StartError{workersValidationFailed, started.Failure}
	case len(started.Handlers) == 0 && len(started.Classes) == 0:
		return &StartError{workersNoHandlers, "No event handlers were registered. This script does nothing."}
	}
	return nil
}

// startSettings are the parts of the metadata that starting code needs.
type startSettings struct {
	CompatibilityDate  string          `json:"compatibility_date"`
	CompatibilityFlags []string        `json:"compatibility_flags"`
	Bindings           []store.Binding `json:"bindings"`
}

// startSettings reads what start needs. It skips malformed members, because
// they are refused later, with a better message.
func (f fields) startSettings() startSettings {
	var settings startSettings
	_ = json.Unmarshal(f["compatibility_date"], &settings.CompatibilityDate)
	_ = json.Unmarshal(f["compatibility_flags"], &settings.CompatibilityFlags)
	_ = json.Unmarshal(f["bindings"], &settings.Bindings)
	return settings
}

// variables returns the variables and secrets that code can read while it
// starts.
func (s startSettings) variables() map[string]any {
	values := map[string]any{}
	for _, b := range s.Bindings {
		if t := store.BindingTypeOf(b.Type); t.Size != nil && t.Value != nil {
			values[b.Name] = t.Value(b, store.Script{})
		}
	}
	return values
}

// The real platform starts the script and asks it. Here only its text is read,
// without distinguishing comments and strings from code, which is good enough
// for a field that is only shown to people. These are found:
//
//	fetch(request, env) {          a method, in an object or a class
//	fetch: handler,                a property
//	addEventListener("fetch", …)   the service-worker syntax
var (
	handlerMethod   = regexp.MustCompile(`(?:^|[{},;\s])(?:async\s+)?(` + handlerNames + `)\s*\([^()]*\)\s*\{`)
	handlerProperty = regexp.MustCompile(`[{,]\s*(` + handlerNames + `)\s*:`)
	handlerListener = regexp.MustCompile(`addEventListener\(\s*["'](` + handlerNames + `)["']`)
)

const handlerNames = `fetch|scheduled|queue|email|tail|trace|tailStream`

// findHandlers returns the events that a script handles, sorted. If it finds
// none (because of an app object from a framework, say), it returns fetch,
// because the platform would not have accepted a script without handlers.
func findHandlers(source []byte) []string {
	var found []string
	for _, pattern := range []*regexp.Regexp{handlerMethod, handlerProperty, handlerListener} {
		for _, match := range pattern.FindAllSubmatch(source, -1) {
			found = append(found, string(match[1]))
		}
	}
	if len(found) == 0 {
		return []string{"fetch"}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

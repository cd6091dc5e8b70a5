package wfpsync

import (
	"context"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/spec"
)

// sources maps positions in modules to positions in a project's files. Few
// codes are asked for, so each is loaded when it is first needed.
type sources struct {
	root      string                      // absolute
	forCaller func(diag.Range) diag.Range // with a path for the caller
	line      func(diag.Range) string     // of the stack file

	mu    sync.Mutex
	known map[string]*bundle.Origins // by the code's digest
}

func (p *Project) sources() *sources {
	root, err := filepath.Abs(p.dir)
	if err != nil {
		return nil
	}
	return &sources{root: root, forCaller: p.forCaller, line: p.line, known: map[string]*bundle.Origins{}}
}

// Origins returns a function that maps a position in a module of a Worker,
// "worker" or "namespace/worker", to the position in the project's files that
// it was built from, such as src/router.ts:12:3; "" if that is not known. Lines
// and columns count from 1. The function is safe for concurrent use, and keeps
// using the project's present code.
func (p *Project) Origins() func(worker, module string, line, column int) string {
	where, codes := p.sources(), map[string]*spec.Code{}
	for _, r := range p.stack.Resources {
		switch r := r.(type) {
		case *spec.Worker:
			codes[r.Name] = r.Code
		case *spec.UserWorker:
			codes[r.DispatchNamespace+"/"+r.Name] = r.Code
		}
	}
	return func(worker, module string, line, column int) string {
		code := codes[worker]
		if where == nil || code == nil {
			return ""
		}
		at, _, found := where.of(context.Background(), code).Find(module, line, column)
		if !found {
			return ""
		}
		return where.forCaller(at).String()
	}
}

func (s *sources) of(ctx context.Context, code *spec.Code) *bundle.Origins {
	s.mu.Lock()
	defer s.mu.Unlock()
	origins := s.known[code.Digest]
	if origins == nil {
		origins = bundle.FindOrigins(ctx, s.root, code)
		s.known[code.Digest] = origins
	}
	return origins
}

// modulePosition matches a position in a module, as the runtime writes it:
// index.js:12:34.
var modulePosition = regexp.MustCompile(`([^\s()'"]+):(\d+):(\d+)`)

// inSources replaces positions in modules by positions in their files.
func (s *sources) inSources(ctx context.Context, code *spec.Code, text string) string {
	return modulePosition.ReplaceAllStringFunc(text, func(position string) string {
		module, line, column := parsePosition(position)
		if at, _, found := s.of(ctx, code).Find(module, line, column); found {
			return s.forCaller(at).String()
		}
		return position
	})
}

func parsePosition(position string) (module string, line, column int) {
	parts := modulePosition.FindStringSubmatch(position)
	line, _ = strconv.Atoi(parts[2]) // digits; one that is too large is in no file
	column, _ = strconv.Atoi(parts[3])
	return parts[1], line, column
}

// quoted matches a name in a message: No such module "x".
var quoted = regexp.MustCompile(`"([^"]+)"`)

// find returns the first place in the project that a message of the runtime
// refers to.
func (s *sources) find(ctx context.Context, code *spec.Code, text string) (diag.Range, string, bool) {
	origins := s.of(ctx, code)
	for _, position := range modulePosition.FindAllString(text, -1) {
		if at, snippet, found := origins.Find(parsePosition(position)); found {
			return s.shown(at, snippet)
		}
	}
	if name := quoted.FindStringSubmatch(text); name != nil {
		for _, mark := range []string{`"`, `'`} {
			if at, snippet, found := origins.FindText(mark + name[1] + mark); found {
				return s.shown(at, snippet)
			}
		}
	}
	return diag.Range{}, "", false
}

// shown returns a place as the user sees it. Inline scripts are lines of the
// stack file.
func (s *sources) shown(at diag.Range, snippet string) (diag.Range, string, bool) {
	if snippet == "" {
		snippet = s.line(at)
	}
	return s.forCaller(at), snippet, true
}

// sourceError is an error with another text.
type sourceError struct {
	error
	text string
}

func (e *sourceError) Error() string { return e.text }
func (e *sourceError) Unwrap() error { return e.error }

// firstLine returns the first line of a message.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

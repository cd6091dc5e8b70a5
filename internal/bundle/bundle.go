// Package bundle turns the source of a Worker into the modules that are
// uploaded: it bundles TypeScript and JavaScript entrypoints with esbuild, with
// the settings wrangler uses, and checks scripts given in the stack file. It also
// reads the directories of static files that are uploaded beside the modules.
//
// A stack file may come from a pull request, so bundling runs nothing that the
// file names and takes no content from outside the project folder; see
// [project]. The output depends on the files alone: not on where the folder
// lies, on the machine, on the environment or on the clock.
package bundle

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Build completes the desired codes from their sources and returns everything
// there is to say about all of them. A code whose diagnostics hold an error is
// left incomplete. Each distinct source is built once.
//
// root is the project folder, an absolute path; entrypoints are relative to it.
func Build(ctx context.Context, root string, codes []*spec.Code) diag.List {
	p, err := openProject(root)
	if err != nil {
		return diag.List{problem(RuleBundle, fmt.Sprintf("cannot open the project folder %q: %v", root, err), "")}
	}
	defer p.close()

	sources, users := bySource(codes)
	outcomes := make([]outcome, len(sources))
	var builds errgroup.Group
	builds.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range sources {
		builds.Go(func() error {
			outcomes[i] = s.build(ctx, p, users[s][0].Options)
			return nil
		})
	}
	_ = builds.Wait() // builds report through their outcome

	var diags diag.List
	for i, s := range sources {
		for _, code := range users[s] {
			diags = append(diags, outcomes[i].deliver(code)...)
		}
	}
	return diags.Sorted()
}

// source is what a code is made from. Codes of equal sources become equal.
type source struct{ entrypoint, inline, options string }

// bySource lists the distinct sources in order of appearance, and the codes
// made from each.
func bySource(codes []*spec.Code) ([]source, map[source][]*spec.Code) {
	var sources []source
	users := map[source][]*spec.Code{}
	for _, code := range codes {
		s := source{code.Entrypoint, code.Inline, code.Options.Key()}
		if users[s] == nil {
			sources = append(sources, s)
		}
		users[s] = append(users[s], code)
	}
	return sources, users
}

func (s source) build(ctx context.Context, p *project, how spec.CodeOptions) outcome {
	if s.entrypoint == "" {
		return buildInline(ctx, s.inline, how)
	}
	return buildEntrypoint(ctx, p, s.entrypoint, how, false)
}

// outcome is what a build came to.
type outcome struct {
	main    string
	modules []spec.Module
	mapping []byte // the source map of the main module, if it was wanted
	diags   diag.List
}

// failed is the outcome of a build that found one error.
func failed(d diag.Diagnostic) outcome { return outcome{diags: diag.List{d}} }

// deliver completes a code, unless the build failed, and returns the build's
// diagnostics as seen from that code.
func (o outcome) deliver(code *spec.Code) diag.List {
	if !o.diags.HasErrors() {
		code.Complete(o.main, o.modules)
	}
	placed := make(diag.List, len(o.diags))
	for i, d := range o.diags {
		placed[i] = inStackFile(d, code)
	}
	return placed
}

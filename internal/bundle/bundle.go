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
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Build completes the desired codes from their sources and returns everything
// there is to say about all of them. A code whose diagnostics hold an error is
// left incomplete. Each distinct source is built once.
//
// root is the project folder, an absolute path; entrypoints are relative to it.
func Build(ctx context.Context, root string, codes []*spec.Code) diag.List {
	return BuildEach(ctx, root, [][]*spec.Code{codes})[0]
}

// BuildEach is [Build] for several groups of codes, with what there is to say
// about each group. A source that several have is built once, too.
func BuildEach(ctx context.Context, root string, groups [][]*spec.Code) []diag.List {
	found := make([]diag.List, len(groups))
	p, err := openProject(root)
	if err != nil {
		for i := range found {
			found[i] = diag.List{problem(RuleBundle, fmt.Sprintf("cannot open the project folder %q: %v", root, err), "")}
		}
		return found
	}
	defer p.close()

	sources, numbers := distinct(groups)
	outcomes := make([]outcome, len(sources))
	var builds errgroup.Group
	builds.SetLimit(runtime.GOMAXPROCS(0))
	for i, code := range sources {
		builds.Go(func() error {
			outcomes[i] = buildCode(ctx, p, code)
			return nil
		})
	}
	_ = builds.Wait() // builds report through their outcome

	for i, codes := range groups {
		for _, code := range codes {
			found[i] = append(found[i], outcomes[numbers[sourceOf(code)]].deliver(code)...)
		}
		found[i] = found[i].Sorted()
	}
	return found
}

// source is what a code is made from. Codes of equal sources become equal.
type source struct{ entrypoint, inline, options string }

// sourceOf tells codes apart. Of the date it keeps what it decides.
func sourceOf(code *spec.Code) source {
	how := code.Options
	how.Runtime = era(how.Runtime)
	return source{code.Entrypoint, code.Inline, how.Key()}
}

// distinct lists a code of each source in order of appearance, and the number of
// each source in that list.
func distinct(groups [][]*spec.Code) ([]*spec.Code, map[source]int) {
	var codes []*spec.Code
	numbers := map[source]int{}
	for _, code := range slices.Concat(groups...) {
		s := sourceOf(code)
		if _, known := numbers[s]; !known {
			numbers[s] = len(codes)
			codes = append(codes, code)
		}
	}
	return codes, numbers
}

func buildCode(ctx context.Context, p *project, code *spec.Code) outcome {
	if code.Entrypoint == "" {
		return buildInline(ctx, code.Inline, code.Options)
	}
	return buildEntrypoint(ctx, p, code.Entrypoint, code.Options, false)
}

// outcome is what a build came to.
type outcome struct {
	main    string
	modules []spec.Module
	mapping []byte // the source map of the main module, if it was wanted
	diags   diag.List

	delivered *spec.Code // the first code that it completed
}

// failed is the outcome of a build that found one error.
func failed(d diag.Diagnostic) outcome { return outcome{diags: diag.List{d}} }

// deliver completes a code, unless the build failed, and returns the build's
// diagnostics as seen from that code.
func (o *outcome) deliver(code *spec.Code) diag.List {
	switch first := o.delivered; {
	case o.diags.HasErrors():
	case first == nil:
		code.Complete(o.main, o.modules)
		o.delivered = code
	default: // hashed once
		code.MainModule, code.Modules, code.Digest = first.MainModule, first.Modules, first.Digest
	}
	placed := make(diag.List, len(o.diags))
	for i, d := range o.diags {
		placed[i] = inStackFile(d, code)
	}
	return placed
}

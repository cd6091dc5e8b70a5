package report

import (
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// What the plans and results of the tests are made of.

var (
	namespaceAddress = spec.Address{Kind: spec.KindDispatchNamespace, Name: "customer-workers"}
	storeAddress     = spec.Address{Kind: spec.KindKVNamespace, Name: "Tenant Configuration"}
	customerA        = spec.Address{Kind: spec.KindUserWorker, Parent: "customer-workers", Name: "customer-a-worker"}
	customerB        = spec.Address{Kind: spec.KindUserWorker, Parent: "customer-workers", Name: "customer-b-worker"}
	routerAddress    = spec.Address{Kind: spec.KindWorker, Name: "platform-router"}
	routeAddress     = spec.Address{Kind: spec.KindRoute, Parent: "example.com", Name: "*.platform.example.com/*"}

	applied = time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC)
	drifted = time.Date(2026, 10, 2, 8, 30, 15, 0, time.UTC)

	digestOfCode = strings.Repeat("0123456789abcdef", 4)
)

// planOf returns a plan of changes, counted as the planner counts them.
func planOf(changes ...planner.Change) *planner.Plan {
	plan := &planner.Plan{
		FormatVersion: planner.FormatVersion,
		Tool:          "wfpsync test",
		Stack:         "platform",
		Account:       spec.Account{ID: "0123456789abcdef0123456789abcdef", Name: "Example"},
		Mode:          planner.Apply,
		Changes:       changes,
		Digest:        "sha256:" + strings.Repeat("89abcdef", 8),
	}
	for _, c := range changes {
		switch c.Action {
		case planner.Create:
			plan.Summary.Add++
		case planner.Update:
			plan.Summary.Change++
		case planner.Delete:
			plan.Summary.Destroy++
		case planner.Adopt:
			plan.Summary.Adopt++
		}
		if c.Blocked != nil {
			plan.Summary.Blocked++
		}
	}
	return plan
}

func with(plan *planner.Plan, change func(p *planner.Plan)) *planner.Plan {
	change(plan)
	return plan
}

func create(a spec.Address, fields ...planner.FieldChange) planner.Change {
	return planner.Change{Address: a, Action: planner.Create, Reason: planner.ReasonMissing, Fields: fields}
}

func updated(a spec.Address, fields ...planner.FieldChange) planner.Change {
	return planner.Change{Address: a, Action: planner.Update, Reason: planner.ReasonChanged, Fields: fields, Prior: revision(applied)}
}

func removal(a spec.Address, reason planner.Reason) planner.Change {
	return planner.Change{Address: a, Action: planner.Delete, Reason: reason, Prior: revision(applied)}
}

func revision(modified time.Time) *spec.Revision {
	mark := spec.Mark{Version: 1, Code: "0123456789abcdef", Settings: "fedcba9876543210", Uploaded: applied}
	return &spec.Revision{ETag: "e1", ModifiedOn: modified, Owner: "platform", Mark: &mark}
}

func added(path string, after any) planner.FieldChange {
	return planner.FieldChange{Path: path, Op: planner.FieldAdd, After: after}
}

func replaced(path string, before, after any) planner.FieldChange {
	return planner.FieldChange{Path: path, Op: planner.FieldReplace, Before: before, After: after}
}

func removed(path string, before any) planner.FieldChange {
	return planner.FieldChange{Path: path, Op: planner.FieldRemove, Before: before}
}

func userWorker(a spec.Address) *spec.UserWorker {
	return &spec.UserWorker{DispatchNamespace: a.Parent, Name: a.Name, Script: spec.Script{Code: &spec.Code{Digest: digestOfCode}}}
}

func withAssets(w *spec.UserWorker) *spec.UserWorker {
	w.Assets = &spec.Assets{Files: &spec.AssetFiles{Digest: digestOfCode}}
	return w
}

func codeOf(sizes ...int) map[string]planner.Code {
	var code planner.Code
	for _, size := range sizes {
		code.Modules = append(code.Modules, spec.Module{Name: "m.js", Type: spec.ESModule, Content: make([]byte, size)})
	}
	return map[string]planner.Code{digestOfCode: code}
}

func ownership(message, hint string) *planner.Block {
	return &planner.Block{By: "ownership", Message: message, Hint: hint}
}

var declared = diag.Range{File: "wfpsync.yaml", Line: 31, Column: 3, EndLine: 31, EndColumn: 20}

// digestOfAssets is what changes tell of the static files of withAssets.
var digestOfAssets = spec.ShortDigest(withAssets(userWorker(customerA)).AsScript().Assets.Digest())

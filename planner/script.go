package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has what Workers and user Workers have in common: they carry their
// owner, and a mark that describes what was uploaded.

// compareScripts plans what turns a live script into the desired one.
func compareScripts(p *planning, desired spec.Resource, live *spec.Live) *Change {
	if isTemplate(desired) {
		return p.compareTemplate(desired, live)
	}
	if c := p.ownershipConflict(desired, live); c != nil {
		return c
	}
	switch {
	case live.Revision.Owner == "":
		return takeOver(p.withSecrets(desired, live, p.fields(live, desired)))
	case p.isAsMarked(desired, live):
		return p.compareSecrets(desired, live, nil)
	}
	fields := p.fields(live, desired)
	if onlyMissingSecrets(desired.(spec.Scripted), fields) {
		c := p.compareSecrets(desired, live, fields)
		if c == nil && p.isUnproven(desired, live) {
			c = &Change{Action: Update, Reason: ReasonUnproven, MarkOnly: true}
		}
		return c
	}
	return &Change{Action: Update, Reason: p.changeReason(desired, live), Fields: p.withSecrets(desired, live, fields)}
}

// ownershipConflict returns the blocked change of a live resource that another
// stack owns, or that has no owner and may not be adopted; nil for any other.
func (p *planning) ownershipConflict(desired spec.Resource, live *spec.Live) *Change {
	owner := live.Revision.Owner
	switch {
	case owner != "" && owner != p.desired.Name:
		return &Change{Action: Update, Reason: ReasonUnmanaged, Blocked: &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it belongs to the stack %q", owner),
			Hint:    fmt.Sprintf("choose another name, or remove it from the stack %q first", owner),
		}}
	case owner == "" && !desired.Meta().Adopt:
		return &Change{Action: Adopt, Reason: ReasonUnmanaged, Blocked: &Block{
			By:      blockedByOwnership,
			Message: "it exists already and is not managed by this stack",
			Hint:    "add `adopt: true` to take it over, or choose another name",
		}}
	}
	return nil
}

// takeOver returns the change that adopts an existing resource: it writes the
// differences, or only the mark if there are none.
func takeOver(fields []FieldChange) *Change {
	if len(fields) > 0 {
		return &Change{Action: Update, Reason: ReasonUnmanaged, Fields: fields}
	}
	return &Change{Action: Adopt, Reason: ReasonUnmanaged, MarkOnly: true}
}

// hasSecrets reports whether an upload would write secrets. That the account
// has them does not prove that their values are the same.
func hasSecrets(desired spec.Resource) bool {
	return len(desired.(spec.Scripted).AsScript().Secrets()) > 0
}

const blockedByOwnership = "ownership"

// changeReason tells a changed file from a changed account. If the mark
// describes the desired script and the script still differs, another program
// wrote it, even if that was close to the upload.
func (p *planning) changeReason(desired spec.Resource, live *spec.Live) Reason {
	switch r := live.Revision; {
	case r.Mark == nil:
		return ReasonUnmarked
	case r.Drifted() || p.markDescribes(desired, live):
		return ReasonDrifted
	default:
		return ReasonChanged
	}
}

// needsDetail reports whether a live script must be read because its mark does
// not settle how it compares with the desired one. Scripts that are not ours to
// write are not read.
func (p *planning) needsDetail(desired spec.Resource, live *spec.Live) bool {
	wanted, ok := desired.(spec.Scripted)
	if !ok {
		return false
	}
	switch owner := live.Revision.Owner; {
	case isTemplate(desired):
		if p.otherOwner(live) != "" || !hasRoomForMark(desired, live) {
			return false
		}
	case owner == p.desired.Name:
	case owner == "":
		return desired.Meta().Adopt
	default:
		return false
	}
	if isTemplate(desired) != (live.Revision.Template != "") || p.options.Refresh || p.isUnproven(desired, live) || !live.Revision.Vouched() || !p.markDescribes(desired, live) && !p.onlyUploadDiffers(desired, live) {
		return true
	}
	listed := live.Resource.(spec.Scripted).AsScript().Assets
	return wanted.AsScript().Assets == nil && listed != nil // assets that an earlier file kept
}

// isAsMarked reports whether a live script's mark says that it is the desired
// one.
func (p *planning) isAsMarked(desired spec.Resource, live *spec.Live) bool {
	return (!live.Detailed || !p.needsDetail(desired, live)) && p.markDescribes(desired, live)
}

// onlyUploadDiffers reports whether a live script's mark vouches for the
// desired settings. Only code, static assets and protection can differ then,
// and the mark has their digests, too. Reading such a script would cost a
// request for every user Worker of a fleet whenever the fleet's code changes.
// The upload keeps the bindings that the Worker may have got within
// [spec.Revision.Vouched]; see [Change.LeavesBindings].
//
// Only the settings tell which bindings there are to carry over, and not every
// list says which migrations have run.
func (p *planning) onlyUploadDiffers(desired spec.Resource, live *spec.Live) bool {
	script, complete := desired.(spec.Scripted).AsScript().Resolved(p.id)
	return complete && !script.IsTemplate() && len(script.CarriedOver()) == 0 && script.MigrationTag == "" &&
		!(&spec.Code{Digest: live.Revision.Mark.Code}).IsKept() && live.Revision.Mark.Settings == spec.ShortDigest(script.Digest())
}

// markDescribes reports whether a live script's mark was made of the desired
// one.
func (p *planning) markDescribes(desired spec.Resource, live *spec.Live) bool {
	mark := live.Revision.Mark
	script, complete := desired.(spec.Scripted).AsScript().Resolved(p.id)
	return complete && mark != nil && mark.Protected == desired.Meta().Protect &&
		mark.Describes(script.Code.Digest, script.Digest()) && mark.DescribesAssets(script.Assets)
}

// fields returns the differences between a live resource, which may be nil, and
// the desired one.
func (p *planning) fields(live *spec.Live, desired spec.Resource) []FieldChange {
	before := spec.Object{}
	if live != nil {
		before = live.Resource.Canonical()
	}
	wanted, ok := desired.(spec.Scripted)
	if !ok {
		return diff(before, desired.Canonical())
	}
	script, _ := wanted.AsScript().Resolved(p.id)
	code, assets, changes := spec.NoCode(), (*spec.Assets)(nil), []FieldChange(nil)
	if live != nil {
		current := live.Resource.(spec.Scripted).AsScript()
		code, assets = current.Code, current.Assets
	}
	if live != nil && !live.Detailed && live.Revision.Mark != nil { // the mark vouches for the rest
		mark := live.Revision.Mark
		if code, assets = (&spec.Code{Digest: mark.Code}), nil; mark.Assets != "" {
			assets = spec.LiveAssets(mark.Assets)
		}
	} else {
		after := script.Canonical()
		script.IgnoreUnmanaged(before, after)
		changes = diff(before, after)
	}
	uploaded := slices.Concat(codeChange(code, script.Code), assetsChange(assets, script.Assets))
	return slices.Concat(uploaded, changes, protectionChange(live, desired))
}

// protectionChange compares the protection in the mark with the desired one.
func protectionChange(live *spec.Live, desired spec.Resource) []FieldChange {
	before := live != nil && live.Revision.Mark != nil && live.Revision.Mark.Protected
	after := desired.Meta().Protect
	switch {
	case before == after:
		return nil
	case live == nil:
		return []FieldChange{{Path: protectPath, Op: FieldAdd, After: after}}
	default:
		return []FieldChange{{Path: protectPath, Op: FieldReplace, Before: before, After: after}}
	}
}

// These are the fields of a Worker that are not settings: its code, its static
// assets, and its protection.
const (
	codePath    = "/code"
	assetsPath  = "/assets"
	protectPath = "/protect"
)

// unknownDigest stands for the digest of something that the account has and
// that cannot be read.
const unknownDigest = "unknown"

// codeChange compares code by digest. live is nil if a live script's code is
// not known.
func codeChange(live, wanted *spec.Code) []FieldChange {
	digest := func(c *spec.Code) string {
		switch {
		case c == nil:
			return unknownDigest
		case c.IsNone():
			return ""
		default:
			return c.Digest
		}
	}
	if wanted.IsKept() {
		return nil
	}
	return digestChange(codePath, digest(live), digest(wanted))
}

// assetsChange compares static assets by digest. The platform does not tell
// which files differ; see [spec.Assets].
func assetsChange(live, wanted *spec.Assets) []FieldChange {
	if wanted != nil && wanted.Keep {
		return nil
	}
	before := live.Digest()
	if live != nil && before == "" {
		before = unknownDigest
	}
	return digestChange(assetsPath, before, wanted.Digest())
}

// digestChange compares two digests; "" means that there is nothing.
func digestChange(path, before, after string) []FieldChange {
	before, after = spec.ShortDigest(before), spec.ShortDigest(after)
	switch {
	case before == after:
		return nil
	case before == "":
		return []FieldChange{{Path: path, Op: FieldAdd, After: after}}
	case after == "":
		return []FieldChange{{Path: path, Op: FieldRemove, Before: before}}
	default:
		return []FieldChange{{Path: path, Op: FieldReplace, Before: before, After: after}}
	}
}

// scriptDisposition goes by the owner tag.
func scriptDisposition(p *planning, a spec.Address, live *spec.Live) disposition {
	switch live.Revision.Owner {
	case "":
		if template := live.Revision.Template; template != "" && template != p.desired.Name {
			return foreign
		}
		return unowned
	case p.desired.Name:
	default:
		return foreign
	}
	if p.options.Mode != Destroy && !p.desired.Declares(a.Collection()) {
		return undeclared
	}
	return removed
}

func scriptRemovalBlock(p *planning, _ spec.Address, live *spec.Live) *Block {
	switch owner := live.Revision.Owner; owner {
	case p.desired.Name:
		return nil
	case "":
		return &Block{By: blockedByOwnership, Message: "no stack manages it", Hint: "adopt it first (`adopt: true`), or delete it in the account"}
	default:
		return &Block{By: blockedByOwnership, Message: fmt.Sprintf("it belongs to the stack %q", owner), Hint: "remove it there"}
	}
}

// removalsToInspect returns the scripts that are about to be deleted and whose
// bindings decide the order: every account Worker, and the user Workers if an
// account Worker or a store is deleted with them. Otherwise some user Workers
// are read to find the stores that they used. When destroying, the file itself
// has the references.
func (p *planning) removalsToInspect() []spec.Address {
	if p.options.Mode == Destroy {
		return nil
	}
	scripts := map[spec.Kind][]spec.Address{}
	stores := slices.ContainsFunc(p.desired.Removed, func(r spec.Reference) bool { return r.To.Kind.Info().Store && p.live.Resources[r.To] != nil })
	for _, a := range p.obsolete() {
		live := p.live.Resources[a]
		if live.Detailed || !p.willDelete(a, live) {
			continue
		}
		if a.Kind.Info().Script {
			scripts[a.Kind] = append(scripts[a.Kind], a)
		}
	}
	workers, userWorkers := scripts[spec.KindWorker], scripts[spec.KindUserWorker]
	switch {
	case len(workers) > 0 || stores:
	case p.declaresStores():
		userWorkers = userWorkers[:min(len(userWorkers), maxInspectedDeletions)]
	default:
		return nil
	}
	return append(workers, userWorkers...)
}

// checkMigrations reports Workers at a migration that the file does not list:
// it cannot be reported which ones come after it.
func (p *planning) checkMigrations() {
	for _, a := range p.changedAddresses() {
		c := p.changes[a]
		script, ok := c.Desired.(spec.Scripted)
		if !ok || c.Prior == nil || c.Blocked != nil {
			continue
		}
		if _, known := script.AsScript().PendingMigrations(c.Prior.MigrationTag); known {
			continue
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Error,
			Rule:     RuleUnknownMigration,
			Message:  fmt.Sprintf("%s has run the migration %q, which the file does not list", a, c.Prior.MigrationTag),
			Hint:     "list every migration that has run, in order, and new ones after it",
			Range:    c.At,
		})
	}
}

// checkClasses reports Workers that would be bound to a Durable Object class of
// their own that does not exist, once for each place in the file.
func (p *planning) checkClasses() {
	reported := map[diag.Range]bool{}
	for _, a := range p.changedAddresses() {
		c := p.changes[a]
		script, ok := c.Desired.(spec.Scripted)
		if !ok || c.Blocked != nil {
			continue
		}
		for _, b := range script.AsScript().UncreatedClasses(a) {
			if reported[b.At] || c.Prior != nil && mayHaveClass(a, p.live.Resources[a], b) {
				continue
			}
			reported[b.At] = true
			class := b.Properties.Get("class_name")
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Error,
				Rule:     RuleClassMissing,
				Message:  fmt.Sprintf("%s does not have the Durable Object class %q, and no migration creates it", a, class),
				Hint:     fmt.Sprintf("write `migrations: [{ tag: v1, new_sqlite_classes: [%s] }]`", class),
				Range:    b.At,
			})
		}
	}
}

// mayHaveClass reports whether a live Worker may have the class of a binding:
// migrations have run that the file does not list, the Worker is bound to the
// class already, or its bindings were not read because its mark says that they
// stay.
func mayHaveClass(a spec.Address, live *spec.Live, b spec.Binding) bool {
	if live == nil || !live.Detailed || live.Revision.MigrationTag != "" {
		return true
	}
	class := b.Properties.Get("class_name")
	return slices.ContainsFunc(live.Resource.(spec.Scripted).AsScript().Bindings, func(other spec.Binding) bool {
		own := other.RelativeTo(a).Properties
		return other.Type == b.Type && own.Get("script_name") == nil && own.Get("class_name") == class
	})
}

// warnVacant warns of bindings that another program should have set and has
// not, once for each place in the file.
func (p *planning) warnVacant() {
	type vacancy struct {
		first spec.Address
		name  string
		n     int
	}
	vacancies := map[diag.Range]*vacancy{}
	for _, a := range p.changedAddresses() {
		script, ok := p.changes[a].Desired.(spec.Scripted)
		if !ok || p.changes[a].Blocked != nil {
			continue
		}
		for _, b := range script.AsScript().Bindings {
			switch {
			case !b.Vacant:
			case vacancies[b.At] == nil:
				vacancies[b.At] = &vacancy{first: a, name: b.Name, n: 1}
			default:
				vacancies[b.At].n++
			}
		}
	}
	for at, v := range vacancies {
		who := v.first.String()
		if v.n > 1 {
			who = fmt.Sprintf("%d Workers, the first of them %s,", v.n, v.first)
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleNothingToCarryOver,
			Message:  fmt.Sprintf("no %s to carry over yet: %s will run without it", v.name, who),
			Hint:     "set it once the Worker exists, or give its value here",
			Range:    at,
		})
	}
}

func undeclaredWarning(what, declaration string) func(string, spec.Collection, int) diag.Diagnostic {
	return func(stack string, c spec.Collection, n int) diag.Diagnostic {
		where := "the account"
		switch {
		case c.Kind == spec.KindUserWorker:
			where = fmt.Sprintf("dispatch namespace %q", c.Parent)
		case c.Parent != "":
			where = fmt.Sprintf("zone %q", c.Parent)
		}
		return diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleUndeclaredCollection,
			Message:  fmt.Sprintf("%s in %s: %d managed by stack %q, but the file declares none, so they are left alone", what, where, n, stack),
			Hint:     "write " + declaration + " to remove them",
		}
	}
}

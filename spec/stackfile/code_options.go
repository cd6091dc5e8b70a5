package stackfile

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// ruleTypes are wrangler's names of the types of modules.
var ruleTypes = map[string]spec.ModuleType{
	"ESModule":     spec.ESModule,
	"CommonJS":     spec.CommonJS,
	"CompiledWasm": spec.WebAssembly,
	"Text":         spec.TextModule,
	"Data":         spec.BinaryModule,
}

// loadCodeOptions reads how a Worker's code is bundled.
func (l *loader) loadCodeOptions(e entry, value *document.Value) spec.CodeOptions {
	o := spec.CodeOptions{Runtime: loadRuntime(value)}
	if value.Get("script") != nil {
		l.checkInlineOptions(e.own())
		return o
	}
	o.Minify = value.Get("minify").IsTrue()
	o.NoBundle = value.Get("no_bundle").IsTrue()
	o.FindModules = o.NoBundle
	if find := value.Get("find_additional_modules"); find != nil {
		o.FindModules = find.IsTrue()
	}
	o.Define = l.loadDefine(value.Get("define"))
	o.Alias = textsByName(value.Get("alias"))
	for _, rule := range value.Get("rules").ItemsOrNil() {
		o.Rules = append(o.Rules, spec.ModuleRule{
			Type:        ruleTypes[rule.Get("type").String()],
			Globs:       rule.Get("globs").Strings(),
			Fallthrough: rule.Get("fallthrough").IsTrue(),
		})
	}
	l.checkUnbundledOptions(o, value)
	if base := value.Get("base_dir"); base != nil {
		o.BaseDir = l.loadBaseDir(o, base, layer.CleanPath(value.Get("main").String()))
	}
	return o
}

// bundlingKeys are the fields that change a bundle.
var bundlingKeys = []string{"alias", "base_dir", "define", "find_additional_modules", "minify", "no_bundle", "rules"}

// checkInlineOptions reports fields that change a bundle beside a script that is
// not bundled. What the defaults say is meant for other Workers.
func (l *loader) checkInlineOptions(worker *document.Value) {
	for _, key := range bundlingKeys {
		if m := worker.Member(key); m != nil && m.Value.Kind != document.Null {
			l.Report(spec.RuleBundling, m.Range(), fmt.Sprintf("`%s` does nothing beside `script`, which is uploaded as it is", key),
				fmt.Sprintf("put the code into a file and name it with `main`, or remove `%s`", key))
		}
	}
}

// checkUnbundledOptions reports fields that need a bundle if there is none.
func (l *loader) checkUnbundledOptions(o spec.CodeOptions, value *document.Value) {
	if !o.NoBundle {
		return
	}
	noBundle := diag.Related{Range: value.Member("no_bundle").Range(), Message: "`no_bundle` is here"}
	for key, set := range map[string]bool{"alias": len(o.Alias) > 0, "define": len(o.Define) > 0, "minify": o.Minify} {
		if set {
			l.Report(spec.RuleBundling, value.Member(key).Range(), fmt.Sprintf("`%s` does nothing with `no_bundle`", key),
				fmt.Sprintf("remove one of the two, or do what `%s` does in your own build", key), noBundle)
		}
	}
}

// loadBaseDir reads the folder that additional modules are looked for in. The
// entrypoint lies in it, so that its imports lead to the same files as before.
func (l *loader) loadBaseDir(o spec.CodeOptions, base *document.Value, entrypoint string) string {
	folder := layer.CleanPath(base.String())
	switch within := folder == "." || strings.HasPrefix(entrypoint, folder+"/"); {
	case !o.FindModules:
		l.Report(spec.RuleBundling, base.Range(), "`base_dir` does nothing without `find_additional_modules`", "write find_additional_modules: true beside it, or remove `base_dir`")
	case !within:
		l.Report(spec.RuleBundling, base.Range(), fmt.Sprintf("the entrypoint %q is not in %q", entrypoint, base.String()), "name a folder that holds the entrypoint and the modules beside it, such as its own")
	case folder != path.Dir(entrypoint):
		return folder
	}
	return ""
}

// A name is what esbuild replaces: an identifier, or several with dots or in
// brackets. The classes of letters take milliseconds to compile, and few files
// need them.
var (
	definedName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + identifier + `(\.` + identifier + `|\[ *` + quotedText + ` *\])*$`)
	})
	replacedName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + identifier + `(\.` + identifier + `)*$`)
	})
)

const (
	identifier = `[\pL_$][\pL\pN_$]*`
	quotedText = `(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')`
)

// What esbuild takes besides JSON.
var (
	singleQuoted  = regexp.MustCompile(`"(?:\\.|[^"\\])*"|'(?:\\["\\/bfnrtu]|[^'\\\n])*'`)
	bigNumber     = regexp.MustCompile(`^[1-9]\d*n$|([\[,:] *)[1-9]\d*n`)
	trailingComma = regexp.MustCompile(`,(\s*[\]}])`)
)

// isReplacement reports whether esbuild takes text as what stands for a name:
// another name, or JSON with quotes, numbers and commas of JavaScript.
func isReplacement(text string) bool {
	plain := singleQuoted.ReplaceAllStringFunc(text, func(quoted string) string {
		if strings.HasPrefix(quoted, "'") || json.Valid([]byte(quoted)) {
			return `""`
		}
		return quoted
	})
	plain = trailingComma.ReplaceAllString(bigNumber.ReplaceAllString(plain, "${1}0"), "$1")
	return replacedName().MatchString(text) || json.Valid([]byte(plain))
}

// loadDefine reads `define`: what esbuild puts in the place of names.
func (l *loader) loadDefine(value *document.Value) map[string]string {
	for _, m := range value.MembersOrNil() {
		text := m.Value.String()
		switch {
		case !definedName().MatchString(m.Key):
			l.Report(spec.RuleBundling, m.Range(), fmt.Sprintf("%q is not a name that can be replaced", m.Key), "use an identifier, or several with dots between: process.env.STAGE")
		case text != "" && !isReplacement(text):
			l.Report(spec.RuleBundling, m.Value.Range(), fmt.Sprintf("%q is neither JSON nor a name", text),
				fmt.Sprintf("if it is meant as text, give it quotes of its own: '%s'", strings.ReplaceAll(string(canon.MustJSON(text)), "'", "''")))
		}
	}
	return textsByName(value)
}

// textsByName returns the texts of a map.
func textsByName(value *document.Value) map[string]string {
	var texts map[string]string
	for _, m := range value.MembersOrNil() {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[m.Key] = m.Value.String()
	}
	return texts
}

// loadRuntime reads what decides which modules the runtime has.
func loadRuntime(value *document.Value) spec.Runtime {
	r := spec.Runtime{Date: value.Get("compatibility_date").String()}
	for _, flag := range value.Get("compatibility_flags").Strings() {
		decides := strings.Contains(flag, "nodejs_") || strings.Contains(flag, "fetch_iterable_type_support") // see spec.Runtime
		if decides && !r.HasFlag(flag) {
			r.Flags = append(r.Flags, flag)
		}
	}
	slices.Sort(r.Flags)
	return r
}

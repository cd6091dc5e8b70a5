package bundle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// isRuntimeName reports whether a specifier can mean a module of the runtime
// only, or one of Node.js.
func isRuntimeName(specifier string) bool {
	for _, prefix := range []string{"node:", "cloudflare:", "workerd:"} {
		if strings.HasPrefix(specifier, prefix) {
			return true
		}
	}
	return isNodeModule(specifier)
}

// lacksModule says that the runtime lacks a module, and what would give it.
func lacksModule(runtime spec.Runtime, specifier string) (message, hint string) {
	if runtime.Date == "" {
		return fmt.Sprintf("cannot find %q, which is a module of Node.js", specifier), fmt.Sprintf(`write "node:%s"`, specifier)
	}
	message = fmt.Sprintf("the runtime has no module %q%s", specifier, withSettings(runtime))
	ways := waysTo(runtime, specifier)
	if len(ways) == 0 {
		return message, "no compatibility_date and no flag brings it"
	}
	return message, "it is there " + strings.Join(ways, ", or ")
}

// withSettings is the part of a sentence that names date and flags.
func withSettings(runtime spec.Runtime) string {
	text := " with compatibility_date " + runtime.Date
	if len(runtime.Flags) > 0 {
		text += fmt.Sprintf(" and compatibility_flags [%s]", strings.Join(runtime.Flags, ", "))
	}
	return text
}

// waysTo lists what would give the runtime a module that it lacks.
func waysTo(runtime spec.Runtime, specifier string) []string {
	flags := [][]string{{"nodejs_compat"}, {"nodejs_compat_v2"}}
	for _, group := range nodeModules {
		if group.flag != "" && slices.Contains(group.names, strings.TrimPrefix(specifier, "node:")) {
			enabled := "enable_" + group.flag
			flags = [][]string{{"nodejs_compat"}, {enabled}, {"nodejs_compat", enabled}, {"nodejs_compat_v2", enabled}}
		}
	}
	ways := waysUntil(runtime, flags, func(at spec.Runtime) bool { return hasModule(at, specifier) })
	if prefixed := "node:" + specifier; hasModule(runtime, prefixed) {
		ways = append(ways, fmt.Sprintf("as %q", prefixed))
	}
	return ways
}

// waysUntil lists the changes of date and flags after which something holds. Of some flags it names the first.
func waysUntil(runtime spec.Runtime, flags [][]string, holds func(spec.Runtime) bool) []string {
	var ways []string
	for _, date := range breakpoints() {
		if date > runtime.Date && holds(spec.Runtime{Date: date, Flags: runtime.Flags}) {
			ways = append(ways, fmt.Sprintf("from compatibility_date %s on", date))
			break
		}
	}
	for _, added := range flags {
		with := spec.Runtime{Date: runtime.Date, Flags: append(slices.Clone(runtime.Flags), added...)}
		if !slices.ContainsFunc(added, func(f string) bool { return runtime.HasFlag(opposite(f)) }) && holds(with) {
			ways = append(ways, "with "+quoteFlags(added))
			break
		}
	}
	for _, flag := range runtime.Flags {
		without := slices.DeleteFunc(slices.Clone(runtime.Flags), func(f string) bool { return f == flag })
		if holds(spec.Runtime{Date: runtime.Date, Flags: without}) {
			ways = append(ways, "without "+quoteFlags([]string{flag}))
		}
	}
	return ways
}

// opposite is the flag that takes back what a flag brings.
func opposite(flag string) string {
	if name, enables := strings.CutPrefix(flag, "enable_"); enables {
		return "disable_" + name
	}
	return "no_" + flag
}

func quoteFlags(flags []string) string {
	if len(flags) == 1 {
		return fmt.Sprintf("the flag %q", flags[0])
	}
	var quoted []string
	for _, flag := range flags {
		quoted = append(quoted, strconv.Quote(flag))
	}
	last := len(quoted) - 1
	return fmt.Sprintf("the flags %s and %s", strings.Join(quoted[:last], ", "), quoted[last])
}

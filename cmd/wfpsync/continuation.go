package main

import (
	"regexp"
	"strings"
)

// continuation returns the command line of this run, which also continues it:
// what is left to do is what the next plan finds. That one is not the plan that
// was reviewed, so its digest is left out.
func (a *app) continuation() string {
	var args []string
	for i := 0; i < len(a.args); i++ {
		switch name, _, valued := strings.Cut(a.args[i], "="); {
		case name != "--expect-digest":
			args = append(args, a.args[i])
		case !valued:
			i++ // the digest is the next word
		}
	}
	return commandLine(args)
}

// replan returns the command line that plans what is left of a saved plan: the
// plan itself is stale as soon as a part of it was applied.
func (a *app) replan(file string) string { return a.planOf("--out", file) }

// planOf returns the command line that makes a plan with further arguments for
// the account of this run.
func (a *app) planOf(more ...string) string {
	args := []string{"plan"}
	if a.flags.local.on() {
		args = append(args, "--local="+a.flags.local.dir)
	}
	return commandLine(append(args, more...))
}

var plainArgument = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// commandLine returns arguments quoted for a shell.
func commandLine(args []string) string {
	words := []string{"wfpsync"}
	for _, arg := range args {
		if !plainArgument.MatchString(arg) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

package report

import (
	"strings"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// actionWords are how an action is spoken of, in Terraform's words: the tools
// that read them out of pull requests know no others.
type actionWords struct {
	color  string
	marker string

	planned string // the resource will be…
	failed  string // the resource could not be…
	doing   string
	done    string
}

var actions = map[planner.Action]actionWords{
	planner.Create: {green, "+", "created", "created", "Creating", "Creation"},
	planner.Update: {yellow, "~", "updated in-place", "updated", "Modifying", "Modifications"},
	planner.Delete: {red, "-", "destroyed", "destroyed", "Destroying", "Destruction"},
	planner.Adopt:  {yellow, "~", "adopted", "adopted", "Adopting", "Adoption"},
}

// wordsOf are the words for an action. One of a later version is spoken of by
// its name.
func wordsOf(action planner.Action) actionWords {
	if words, known := actions[action]; known {
		return words
	}
	name := safe(string(action))
	return actionWords{yellow, "~", "changed (" + name + ")", "changed (" + name + ")", "Changing (" + name + ")", "Change (" + name + ")"}
}

var kindNouns = map[spec.Kind][2]string{
	spec.KindCronTriggers:      {"Worker's cron triggers", "Workers' cron triggers"},
	spec.KindCustomDomain:      {"custom domain", "custom domains"},
	spec.KindD1Database:        {"D1 database", "D1 databases"},
	spec.KindDispatchNamespace: {"dispatch namespace", "dispatch namespaces"},
	spec.KindKVNamespace:       {"KV namespace", "KV namespaces"},
	spec.KindQueue:             {"queue", "queues"},
	spec.KindQueueConsumer:     {"queue consumer", "queue consumers"},
	spec.KindR2Bucket:          {"R2 bucket", "R2 buckets"},
	spec.KindRoute:             {"route", "routes"},
	spec.KindUserWorker:        {"user Worker", "user Workers"},
	spec.KindWorker:            {"Worker", "Workers"},
	spec.KindWorkerSubdomain:   {"Worker's subdomain", "Workers' subdomains"},
}

// countKind is a number of resources of a kind.
func countKind(n int, kind spec.Kind) string {
	nouns, known := kindNouns[kind]
	if !known {
		name := safe(strings.ReplaceAll(string(kind), "_", " "))
		nouns = [2]string{name, name + "s"}
	}
	return count(n, nouns[0], nouns[1])
}

// accountName is an account as a person knows it.
func accountName(a spec.Account) string {
	switch {
	case a.Name == "":
		return safe(a.ID)
	case a.ID == "":
		return safe(a.Name)
	}
	return safe(a.Name) + " (" + safe(a.ID) + ")"
}

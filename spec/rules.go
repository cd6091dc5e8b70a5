package spec

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// The rules of a stack file's diagnostics. An identifier never changes its
// meaning. WFP0xx are about the text (see spec/stackfile/internal/document), WFP1xx about
// its shape, WFP2xx about what it says, WFP3xx about code (internal/bundle),
// WFP4xx about the account (planner).
const (
	RuleUnreadable    = "WFP007"
	RuleIgnoreComment = "WFP008" // a `# wfpsync:ignore` that ignores nothing

	RuleUnknownKey  = "WFP101"
	RuleWrongValue  = "WFP102"
	RuleMissingKey  = "WFP103"
	RuleCredentials = "WFP104" // credentials in the file

	RuleDuplicateResource   = "WFP201"
	RuleDanglingReference   = "WFP202"
	RuleCodeSource          = "WFP203" // neither or both of main and script
	RuleCycle               = "WFP204"
	RuleIgnoredOnUserWorker = "WFP205"
	RuleName                = "WFP206"
	RuleDuplicateBinding    = "WFP207"
	RuleTags                = "WFP208"
	RuleCompatibilityDate   = "WFP209"
	RuleTooManyVars         = "WFP210"
	RuleSecretSource        = "WFP211"
	RuleOneOf               = "WFP212" // exactly one of two fields
	RuleUndeclaredNamespace = "WFP213"
	RuleRoutePattern        = "WFP214"

	RuleZone          = "WFP232" // a route that says nothing of its zone
	RuleCustomDomain  = "WFP233"
	RuleCron          = "WFP234"
	RuleQueueConsumer = "WFP235"

	RuleInclude     = "WFP225"
	RuleEnvironment = "WFP226"
	RuleVariable    = "WFP227"
	RuleForEach     = "WFP228"
	RuleProfile     = "WFP229"
	RuleExpression  = "WFP230"
	RuleGuard       = "WFP231"
	RuleRemoved     = "WFP250"
	RuleExternal    = "WFP251"
	RuleMigration   = "WFP252"
	RuleSharedStore = "WFP253" // by two environments
	RuleNearName    = "WFP267" // a name that only an environment has, and that is nearly one of the file's
	RuleRenamed     = "WFP254" // a name that cannot have been the former one
	RuleRouteSyntax = "WFP255" // a route pattern that the platform refuses

	RuleDNSRecord      = "WFP256" // a DNS record that cannot be
	RuleDNSComment     = "WFP257" // one whose comment a free zone does not take
	RuleCustomHostname = "WFP258"
	RuleDNSOnly        = "WFP259" // a route whose record is not proxied

	RuleKVKey       = "WFP261"
	RuleKVValue     = "WFP262"
	RuleDependsOn   = "WFP263" // on what is not there, or cannot be told
	RuleKVMetadata  = "WFP264"
	RuleKVKeyPrefix = "WFP265" // a key that a plan would not find again
	RuleKVTitle     = "WFP266" // a title that no address of a pair can hold

	RuleWave           = "WFP270" // of a rollout, that is no wave
	RuleWaveOrder      = "WFP271" // one that can take in nobody
	RuleEmptyWave      = "WFP272" // one that takes in nobody
	RuleRolloutDiffers = "WFP273" // from one user Worker of a fleet to the next
	RuleProbe          = "WFP274"
	RuleRollout        = "WFP275" // a pause, or a limit of failures

	RuleWranglerFile        = "WFP245" // a file of wrangler that cannot be read
	RuleWranglerEnvironment = "WFP246"
	RuleWranglerKey         = "WFP247" // a key of wrangler that cannot be done
	RuleWranglerNoEffect    = "WFP248" // one that does nothing here
	RuleRequiredSecret      = "WFP249"

	RuleTemplate     = "WFP281" // what is not a template, or goes through what is not discovered
	RuleManage       = "WFP282" // what a template does not manage, or cannot
	RuleTemplateName = "WFP283" // a template of other Workers than those it goes through

	RuleClassNotCreated  = "WFP268" // a Durable Object class that no migration creates
	RuleTagColon         = "WFP260"
	RuleHostname         = "WFP218" // a user Worker that no hostname can name
	RuleCertificateDepth = "WFP219"
	RulePlaceholder      = "WFP220"
	RuleLargeInteger     = "WFP221"
	RuleRawBinding       = "WFP222" // a binding that an upload cannot carry
	RulePlacement        = "WFP223"
	RuleBundling         = "WFP224" // settings of the bundle that do nothing, or cannot work

	// What a plan warns of, and a comment can silence.
	RuleUnsearchedZones = "WFP422" // zones that may hold what the file no longer has
	RuleUnsearchedPairs = "WFP423" // KV namespaces that may

	RuleAssets            = "WFP240" // static assets that say too little, or do nothing
	RuleRunWorkerFirst    = "WFP241"
	RuleUnreachableAssets = "WFP242"
)

// Ignored is a rule whose warnings about a line of a file are not given.
type Ignored struct {
	Rule string
	File string
	Line int
}

// Ignores reports whether a comment silences what a plan has to say.
func (s *Stack) Ignores(d diag.Diagnostic) bool {
	return d.Severity == diag.Warning && slices.Contains(s.Ignored, Ignored{d.Rule, d.Range.File, d.Range.Line})
}

// DeclaredTwice complains of an address that was first declared at a place.
func DeclaredTwice(a Address, first diag.Range) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: RuleDuplicateResource, Message: fmt.Sprintf("%s is declared twice", a), Hint: "give one of the two another name",
		Related: []diag.Related{{Range: first, Message: "first declared here"}},
	}
}

package spec

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// These are the rules of a stack file's diagnostics. An identifier never
// changes its meaning. WFP0xx are about the text (see
// spec/stackfile/internal/document), WFP1xx about its shape, WFP2xx about its
// meaning, WFP3xx about code (internal/bundle), WFP4xx about the account
// (planner).
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

	RuleZone          = "WFP232" // a route without a zone
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

	RuleDNSRecord      = "WFP256" // an invalid DNS record
	RuleDNSComment     = "WFP257" // one whose comment free zones do not support
	RuleCustomHostname = "WFP258"
	RuleDNSOnly        = "WFP259" // a route whose record is not proxied

	RuleKVKey       = "WFP261"
	RuleKVValue     = "WFP262"
	RuleDependsOn   = "WFP263" // on something that does not exist, or is not known yet
	RuleKVMetadata  = "WFP264"
	RuleKVKeyPrefix = "WFP265" // a key that a plan would not find again
	RuleKVTitle     = "WFP266" // a title that no address of a pair can hold

	RuleWave           = "WFP270" // an invalid wave of a rollout
	RuleWaveOrder      = "WFP271" // one that can never have members
	RuleEmptyWave      = "WFP272" // one without members
	RuleRolloutDiffers = "WFP273" // from one user Worker of a fleet to the next
	RuleProbe          = "WFP274"
	RuleRollout        = "WFP275" // a pause, or a limit of failures

	RuleWranglerFile        = "WFP245" // a file of wrangler that cannot be read
	RuleWranglerEnvironment = "WFP246"
	RuleWranglerKey         = "WFP247" // a key of wrangler that is not supported
	RuleWranglerNoEffect    = "WFP248" // one that has no effect here
	RuleRequiredSecret      = "WFP249"

	RuleTemplate     = "WFP281" // something that is not a template, or iterates over something not discovered
	RuleManage       = "WFP282" // a field that a template does not manage, or cannot
	RuleTemplateName = "WFP283" // a template for other Workers than those that it iterates over

	RuleClassNotCreated  = "WFP268" // a Durable Object class that no migration creates
	RuleTagColon         = "WFP260"
	RuleHostname         = "WFP218" // a user Worker whose name cannot be a hostname's
	RuleCertificateDepth = "WFP219"
	RulePlaceholder      = "WFP220"
	RuleLargeInteger     = "WFP221"
	RuleRawBinding       = "WFP222" // a binding that an upload cannot carry
	RulePlacement        = "WFP223"
	RuleBundling         = "WFP224" // bundle settings that have no effect, or cannot work

	// A plan warns of these, and a comment can silence them.
	RuleUnsearchedZones = "WFP422" // zones that may hold what the file no longer has
	RuleUnsearchedPairs = "WFP423" // KV namespaces that may

	RuleAssets            = "WFP240" // static assets that are incomplete, or have no effect
	RuleRunWorkerFirst    = "WFP241"
	RuleUnreachableAssets = "WFP242"
)

// Ignored silences a rule's warnings about one line of a file.
type Ignored struct {
	Rule string
	File string
	Line int
}

// Ignores reports whether a comment silences a plan's diagnostic.
func (s *Stack) Ignores(d diag.Diagnostic) bool {
	return d.Severity == diag.Warning && slices.Contains(s.Ignored, Ignored{d.Rule, d.Range.File, d.Range.Line})
}

// DeclaredTwice returns the diagnostic for an address that was first declared
// at a place.
func DeclaredTwice(a Address, first diag.Range) diag.Diagnostic {
	return diag.Diagnostic{
		Rule: RuleDuplicateResource, Message: fmt.Sprintf("%s is declared twice", a), Hint: "give one of the two another name",
		Related: []diag.Related{{Range: first, Message: "first declared here"}},
	}
}

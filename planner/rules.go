package planner

// The rules of the diagnostics that only a comparison with the account can find.
const (
	// RuleMissingReference: something the file refers to, and does not declare,
	// is not in the account either.
	RuleMissingReference = "WFP401"

	// RuleUndeclaredCollection: the account has resources of the stack in a
	// collection that the file does not declare, so they are left alone.
	RuleUndeclaredCollection = "WFP402"

	// RuleFixedAtCreation: the file says something of a resource that was
	// decided when it was created, and that nothing changes.
	RuleFixedAtCreation = "WFP403"

	// RuleUnknownZone: no zone of the account holds the hostname of a route or
	// of a custom domain.
	RuleUnknownZone = "WFP404"

	// RuleNoRecord: no DNS record leads to a route, as far as the account tells.
	RuleNoRecord = "WFP405"

	// RuleNothingToCarryOver: a binding is somebody else's to set, and nobody
	// has set it.
	RuleNothingToCarryOver = "WFP407"

	// RuleUnmanaged: a namespace holds what no stack manages, and is not to.
	RuleUnmanaged = "WFP408"

	// RuleNotRenamed: something has the new name already.
	RuleNotRenamed = "WFP409"

	// RuleUnknownMigration: a Worker is at a migration that the file does not
	// list.
	RuleUnknownMigration = "WFP410"

	// RuleNoWayBack: a rollout that would be rolled back makes a change that
	// nothing undoes.
	RuleNoWayBack = "WFP411"

	// RuleLostSecret: a rollback cannot bring back a secret that goes.
	RuleLostSecret = "WFP412"

	// RuleEarlierWave: a plan of one wave leaves out earlier ones.
	RuleEarlierWave = "WFP413"

	// RuleStoresStay: a user Worker goes, and what only it was bound to stays.
	RuleStoresStay = "WFP414"

	// RulePolicyFault: a policy cannot be asked about a change.
	RulePolicyFault = "WFP416"

	// RulePolicyWarning: a policy warns of a change.
	RulePolicyWarning = "WFP417"

	// RuleUnprovenSecrets: nothing tells whether the account has the values that
	// secrets have now.
	RuleUnprovenSecrets = "WFP418"

	// RuleSecretNotThere: the value of a secret is not there to be compared.
	RuleSecretNotThere = "WFP419"

	// RuleNoRoomForMark: a user Worker that a template is for has so many tags that
	// the mark does not fit.
	RuleNoRoomForMark = "WFP420"

	// RuleNothingDiscovered: a template is for no user Worker that there is.
	RuleNothingDiscovered = "WFP421"

	// RuleClassMissing: a Worker is bound to a Durable Object class of its own that
	// it does not have, and that no migration creates.
	RuleClassMissing = "WFP424"
)

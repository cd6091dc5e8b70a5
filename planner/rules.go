package planner

// These are the rules of the diagnostics that only a comparison with the
// account can find.
const (
	// RuleMissingReference: the file refers to a resource that it does not
	// declare and that the account does not have.
	RuleMissingReference = "WFP401"

	// RuleUndeclaredCollection: the account has resources of the stack in a
	// collection that the file does not declare. They are left alone.
	RuleUndeclaredCollection = "WFP402"

	// RuleFixedAtCreation: the file changes a setting that was fixed when the
	// resource was created.
	RuleFixedAtCreation = "WFP403"

	// RuleUnknownZone: no zone of the account holds the hostname of a route or
	// of a custom domain.
	RuleUnknownZone = "WFP404"

	// RuleNoRecord: no DNS record that the account shows leads to a route.
	RuleNoRecord = "WFP405"

	// RuleNothingToCarryOver: a binding is for another program to set, which
	// has not set it.
	RuleNothingToCarryOver = "WFP407"

	// RuleUnmanaged: a namespace holds unmanaged user Workers, which the file
	// forbids.
	RuleUnmanaged = "WFP408"

	// RuleNotRenamed: another resource has the new name already.
	RuleNotRenamed = "WFP409"

	// RuleUnknownMigration: a Worker is at a migration that the file does not
	// list.
	RuleUnknownMigration = "WFP410"

	// RuleNoWayBack: a rollout with rollback makes a change that cannot be
	// undone.
	RuleNoWayBack = "WFP411"

	// RuleLostSecret: a change removes a secret, which a rollback cannot
	// restore.
	RuleLostSecret = "WFP412"

	// RuleEarlierWave: a plan of one wave leaves out earlier ones.
	RuleEarlierWave = "WFP413"

	// RuleStoresStay: a user Worker is deleted, and stores that only it was
	// bound to remain.
	RuleStoresStay = "WFP414"

	// RulePolicyFault: a policy cannot be evaluated for a change.
	RulePolicyFault = "WFP416"

	// RulePolicyWarning: a policy warns of a change.
	RulePolicyWarning = "WFP417"

	// RuleUnverifiedSecrets: it cannot be told whether the account has the
	// current values of secrets.
	RuleUnverifiedSecrets = "WFP418"

	// RuleSecretUnavailable: the value of a secret is not available to be
	// compared.
	RuleSecretUnavailable = "WFP419"

	// RuleNoRoomForMark: a user Worker of a template has so many tags that the
	// mark does not fit.
	RuleNoRoomForMark = "WFP420"

	// RuleNothingDiscovered: a template finds no user Worker.
	RuleNothingDiscovered = "WFP421"

	// RuleClassMissing: a Worker is bound to a Durable Object class of its own
	// that it does not have and that no migration creates.
	RuleClassMissing = "WFP424"
)

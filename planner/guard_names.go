package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// guardNames are all guards that can be acknowledged, sorted.
var guardNames = []string{
	GuardBindingRemoval,
	GuardClassDelete,
	GuardDispatcherReplace,
	GuardMaxDelete,
	GuardMaxUpdate,
	GuardNamespaceDelete,
	GuardStoreDelete,
}

// UnknownGuard says that the name to acknowledge is not a guard. Ignoring it
// would make a typing error look like an acknowledgement.
type UnknownGuard struct{ Name string }

func (u *UnknownGuard) Error() string {
	return fmt.Sprintf("%q is not a guard; the guards are %s", u.Name, strings.Join(guardNames, ", "))
}

// Hint suggests the guard that was most likely meant.
func (u *UnknownGuard) Hint() string {
	if strings.HasPrefix(u.Name, policyPrefix) {
		return "no flag acknowledges what a policy denies: change the policy, or what it denies"
	}
	if near := diag.Nearest(u.Name, guardNames); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "a plan that a guard refuses says which one to acknowledge"
}

// CheckGuards returns an [*UnknownGuard] for the first name that is not a
// guard.
func CheckGuards(names []string) error {
	for _, name := range names {
		if !slices.Contains(guardNames, name) {
			return &UnknownGuard{name}
		}
	}
	return nil
}

package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// guardNames is every guard that can be acknowledged, in the order of names.
var guardNames = []string{
	GuardBindingRemoval,
	GuardClassDelete,
	GuardDispatcherReplace,
	GuardMaxDelete,
	GuardMaxUpdate,
	GuardNamespaceDelete,
	GuardStoreDelete,
}

// UnknownGuard says that what is to be acknowledged is no guard. Taken in
// silence, a slip of the finger would look like an acknowledgement.
type UnknownGuard struct{ Name string }

func (u *UnknownGuard) Error() string {
	return fmt.Sprintf("%q is not a guard; the guards are %s", u.Name, strings.Join(guardNames, ", "))
}

// Hint says what was most likely meant.
func (u *UnknownGuard) Hint() string {
	if strings.HasPrefix(u.Name, policyPrefix) {
		return "no flag acknowledges what a policy denies: change the policy, or what it denies"
	}
	if near := diag.Nearest(u.Name, guardNames); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "a plan that a guard refuses says which one to acknowledge"
}

// CheckGuards finds the first name that is no guard's: the error is an
// [*UnknownGuard].
func CheckGuards(names []string) error {
	for _, name := range names {
		if !slices.Contains(guardNames, name) {
			return &UnknownGuard{name}
		}
	}
	return nil
}

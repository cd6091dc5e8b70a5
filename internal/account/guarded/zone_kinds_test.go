package guarded

import (
	"errors"
	"testing"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// Another stack's record or hostname is never written, whatever the plan knew.
func TestOthersRecordsAndHostnames(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	guarded := New(l.account)
	for _, r := range []spec.Resource{frontDoor(""), liveShop(nil)} {
		revision := put(t, l.account, r, nil)
		if _, err := l.account.Put(t.Context(), spec.Write{Stack: "other", Resource: r, Prior: &revision}); err != nil {
			t.Fatal(err)
		}
		_, err := guarded.Put(t.Context(), spec.Write{Stack: "platform", Resource: r, Prior: &revision})
		var moved *account.MovedError
		if !errors.As(err, &moved) {
			t.Errorf("%s: %v", r.Address(), err)
		}
		if _, err := l.account.Put(t.Context(), spec.Write{Stack: "platform", Resource: r}); err == nil || !account.IsExists(err) {
			t.Errorf("creating %s beside another stack's: %v", r.Address(), err)
		}
	}
}

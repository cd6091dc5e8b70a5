package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A captured script is uploaded again without what the platform has added, and
// the capture itself does not change.
func TestTakenBackSaysWhatCanBeAskedFor(t *testing.T) {
	answered := Object{"mode": "smart", "hint": "wnam", "status": "INSUFFICIENT_INVOCATIONS", "last_analyzed_at": "2026-01-01T00:00:00Z"}
	captured := &Live{Resource: &UserWorker{Name: "acme", Script: Script{Options: Object{"placement": answered, "logpush": true}}}}
	back, _ := captured.RestorableOver(&Script{})
	want := Object{"placement": Object{"mode": "smart", "hint": "wnam"}, "logpush": true}
	if diff := cmp.Diff(want, back.Resource.(*UserWorker).Options); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Object{"placement": answered, "logpush": true}, captured.Resource.(*UserWorker).Options); diff != "" {
		t.Error(diff)
	}
}

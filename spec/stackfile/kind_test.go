package stackfile

import (
	"slices"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// TestEveryKindIsWhole looks for how the file declares each kind, and how an import
// writes it.
func TestEveryKindIsWhole(t *testing.T) {
	for _, k := range spec.Kinds() {
		i := slices.IndexFunc(sections, func(s section) bool { return s.Kind == k.Kind })
		resource, err := spec.DecodeResource(k.Kind, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, attached := resource.(spec.Attached)
		written := slices.ContainsFunc(attachedWriters, func(w attachedWriter) bool { return w.kind == k.Kind })
		switch {
		case (k.Section != "") != (i >= 0):
			t.Errorf("%s has the section %q, and the table of sections in spec/stackfile/load.go says otherwise", k.Kind, k.Section)
		case i >= 0 && (sections[i].load == nil || sections[i].nameBy == ""):
			t.Errorf("the section of %s in spec/stackfile/load.go lacks load or nameBy", k.Kind)
		case attached != written:
			t.Errorf("%s is attached to a Worker (%t), and has a line in attachedWriters in spec/stackfile/worker_load.go (%t)", k.Kind, attached, written)
		case i < 0 && !attached:
			t.Errorf("%s is declared nowhere in the file", k.Kind)
		}
	}
	for _, s := range sections {
		if s.Kind.Info().Kind == "" {
			t.Errorf("the section %q is of a kind that spec does not describe", s.Section)
		}
	}
}

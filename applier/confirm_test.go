package applier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// lagging is an account whose looks show what a test says.
type lagging struct {
	*target
	revision spec.Revision // the current revision of everything
	looks    []string      // what each look shows; the last one repeats
	seen     int
	alone    []int // which looks were at single Workers
	states   map[string]*spec.Revision
}

func (l *lagging) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	_, err := l.target.Put(ctx, w)
	return l.revision, err
}

func (l *lagging) Reread(_ context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error) {
	look := l.looks[min(l.seen, len(l.looks)-1)]
	if l.seen++; alone {
		l.alone = append(l.alone, l.seen)
	}
	if look == "broken" {
		return nil, errors.New("no connection")
	}
	snap := spec.NewSnapshot(spec.Account{})
	if revision := l.states[look]; revision != nil {
		for _, a := range addresses {
			snap.Resources[a] = &spec.Live{Revision: *revision}
		}
	}
	return snap, nil
}

// TestConfirmWaitsForTheAccount checks what a run says of one Worker, depending
// on what its looks show. It fails only for what another writer has left.
func TestConfirmWaitsForTheAccount(t *testing.T) {
	address := spec.Address{Kind: spec.KindUserWorker, Parent: "n", Name: "a"}
	at := func(s int64) time.Time { return time.Unix(1_700_000_000+s, 0).UTC() }
	marked := func(s int64, code string) *spec.Revision {
		mark := spec.NewMark(code+"0000000000000", "settings00000", at(s))
		return &spec.Revision{Owner: "s", ModifiedOn: at(s), Mark: &mark}
	}
	states := map[string]*spec.Revision{"former": marked(10, "former"), "mine": marked(60, "mine"), "other": marked(61, "other"), "none": nil}
	const create, update, remove = planner.Create, planner.Update, planner.Delete
	for _, test := range []struct {
		action planner.Action
		looks  []string
		want   string
		waited time.Duration
		alone  []int
	}{
		{create, []string{"mine"}, "applied", 0, nil},
		{create, []string{"none", "mine"}, "applied", time.Second, nil},
		{create, []string{"none", "none", "none", "none", "mine"}, "applied", 15 * time.Second, []int{5}},
		{create, []string{"none", "none", "none", "none", "none", "mine"}, "applied", 30 * time.Second, []int{5, 6}},
		{create, []string{"none"}, "deleted", 30 * time.Second, []int{5, 6}},
		{create, []string{"other"}, "overwritten", 0, nil},
		{create, []string{"none", "other"}, "overwritten", time.Second, nil},
		{create, []string{"none", "broken"}, "unconfirmed", time.Second, nil},
		{update, []string{"mine"}, "applied", 0, nil},
		{update, []string{"former", "mine"}, "applied", time.Second, nil},
		{update, []string{"former", "none", "former", "mine"}, "applied", 7 * time.Second, nil},
		{update, []string{"former"}, "unconfirmed", 30 * time.Second, nil},
		{update, []string{"former", "other"}, "overwritten", time.Second, nil},
		{update, []string{"none"}, "deleted", 30 * time.Second, []int{5, 6}},
		{update, []string{"former", "former", "former", "former", "none"}, "unconfirmed", 30 * time.Second, []int{6}},
		{update, []string{"none", "none", "none", "none", "none", "former"}, "unconfirmed", 30 * time.Second, []int{5, 6}},
		{update, []string{"other"}, "overwritten", 0, nil},
		{remove, []string{"none"}, "applied", 0, nil},
		{remove, []string{"former", "former", "none"}, "applied", 3 * time.Second, nil},
		{remove, []string{"former"}, "unconfirmed", 30 * time.Second, nil},
		{remove, []string{"other"}, "recreated", 0, nil},
		{remove, []string{"former", "other"}, "recreated", time.Second, nil},
	} {
		t.Run(fmt.Sprint(test.action, test.looks), func(t *testing.T) {
			worker := &spec.UserWorker{DispatchNamespace: "n", Name: "a", Script: spec.Script{Code: new(spec.Code)}}
			worker.Code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte("x")}})
			change := planner.Change{Address: address, Action: test.action}
			if test.action != remove {
				change.Desired = worker
			}
			if test.action != create {
				change.Prior = states["former"]
			}
			account := &lagging{target: &target{}, revision: *states["mine"], looks: test.looks, states: states}
			var waited time.Duration
			got := "applied"
			result, err := applier.Run(t.Context(), account, &planner.Plan{Stack: "s", Changes: []planner.Change{change}}, applier.Options{
				After: func(d time.Duration) <-chan time.Time { waited += d; return immediately(d) },
			}, func(e applier.Event) {
				switch e := e.(type) {
				case applier.Overwritten:
					got = map[error]string{applier.ErrDeleted: "deleted", applier.ErrOverwritten: "overwritten", applier.ErrRecreated: "recreated"}[e.Err]
				case applier.Unconfirmed:
					got = "unconfirmed"
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want || waited != test.waited || !slices.Equal(account.alone, test.alone) {
				t.Errorf("%s after %v, alone %v; want %s after %v, alone %v", got, waited, account.alone, test.want, test.waited, test.alone)
			}
			if fails := test.want != "applied" && test.want != "unconfirmed"; result.Complete() == fails {
				t.Errorf("%+v", result)
			}
		})
	}
}

package account

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func yes(b bool) *bool { return &b }

// What is attached to a Worker is written, read back as written, changed, and
// deleted twice.
func TestAttachedToWorkers(t *testing.T) {
	l := openLocal(t)
	l.ensureZone(t, "example.com")
	put(t, l.Account, worker("site"), nil)
	put(t, l.Account, worker("next"), nil)
	put(t, l.Account, &spec.Queue{Name: "events"}, nil)
	put(t, l.Account, &spec.Queue{Name: "failed"}, nil)

	settings := func(change spec.Object) spec.Object { // as the API answers them
		all := spec.Object{}
		for name, value := range spec.ConsumerDefaults {
			all[name] = value
		}
		for name, value := range change {
			all[name] = value
		}
		return all
	}
	for _, tt := range []struct {
		first, second spec.Resource
		requests      int // of the second write
	}{
		{
			&spec.CustomDomain{Hostname: "app.example.com", Zone: "example.com", Worker: "site"},
			&spec.CustomDomain{Hostname: "app.example.com", Zone: "example.com", Worker: "next"}, 1,
		},
		{
			&spec.CronTriggers{Worker: "site", Crons: []string{"0 0 * * *", "30 4 * * MON-FRI"}},
			&spec.CronTriggers{Worker: "site", Crons: []string{"0 0 LW * *"}}, 1,
		},
		{
			&spec.WorkerSubdomain{Worker: "site", Enabled: yes(true), PreviewsEnabled: yes(false)},
			&spec.WorkerSubdomain{Worker: "site", Enabled: yes(false), PreviewsEnabled: yes(true)}, 1,
		},
		{
			&spec.QueueConsumer{Queue: "events", Worker: "site", DeadLetterQueue: "failed", Settings: settings(spec.Object{"batch_size": 50.0})},
			&spec.QueueConsumer{Queue: "events", Worker: "site", Settings: settings(spec.Object{"max_concurrency": 5.0, "retry_delay": 60.0})}, 1,
		},
	} {
		address := tt.first.Address()
		t.Run(string(address.Kind), func(t *testing.T) {
			written := put(t, l.Account, tt.first, nil)
			check := func(want spec.Resource, revision spec.Revision) {
				t.Helper()
				l.Asked()
				live := l.read(t, address.Collection()).Resources[address]
				if asked := l.Asked(); len(asked) != 1 {
					t.Errorf("reading took %v", asked)
				}
				if live == nil || !live.Detailed {
					t.Fatalf("read %+v", live)
				}
				if diff := cmp.Diff(want, live.Resource); diff != "" {
					t.Error(diff)
				}
				if !live.Revision.Same(revision) {
					t.Errorf("written %+v, read %+v", revision, live.Revision)
				}
			}
			check(tt.first, written)
			changed := put(t, l.Account, tt.second, &written)
			if asked := l.Asked(); len(asked) != tt.requests {
				t.Errorf("the change took %v", asked)
			}
			if changed.Same(written) {
				t.Errorf("the revision stays %+v", changed)
			}
			check(tt.second, changed)
			for range 2 {
				if err := l.Delete(t.Context(), address, changed); err != nil {
					t.Error(err)
				}
			}
			live := l.read(t, address.Collection()).Resources[address]
			if address.Kind == spec.KindWorkerSubdomain {
				if off := live.Resource.(*spec.WorkerSubdomain); *off.Enabled || *off.PreviewsEnabled {
					t.Errorf("left: %+v", off)
				}
			} else if live != nil {
				t.Errorf("left: %+v", live.Resource)
			}
			// Without a revision, deleting looks it up.
			put(t, l.Account, tt.first, nil)
			if err := l.Delete(t.Context(), address, spec.Revision{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A setting that is to stay is sent as it is, because the API would reset it.
func TestHalfASubdomain(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, worker("site"), nil)
	put(t, l.Account, &spec.WorkerSubdomain{Worker: "site", PreviewsEnabled: yes(true)}, nil)
	put(t, l.Account, &spec.WorkerSubdomain{Worker: "site", Enabled: yes(true)}, nil)
	collection := spec.Collection{Kind: spec.KindWorkerSubdomain, Parent: "site"}
	for _, live := range l.read(t, collection).Resources {
		if s := live.Resource.(*spec.WorkerSubdomain); !*s.Enabled || !*s.PreviewsEnabled {
			t.Errorf("enabled %t, previews %t", *s.Enabled, *s.PreviewsEnabled)
		}
	}
	// A Worker that does not exist has no subdomain and no crons.
	none := []spec.Collection{{Kind: spec.KindWorkerSubdomain, Parent: "none"}, {Kind: spec.KindCronTriggers, Parent: "none"}}
	if snap := l.read(t, none...); len(snap.Resources) != 0 {
		t.Errorf("read %v", snap.Addresses())
	}
}

// Queues and their consumers are one list. A consumer that pulls is seen, and
// belongs to no Worker.
func TestConsumersComeWithTheQueues(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, worker("site"), nil)
	put(t, l.Account, &spec.Queue{Name: "events"}, nil)
	put(t, l.Account, &spec.QueueConsumer{Queue: "events", Worker: "site"}, nil)
	l.Asked()
	snap := l.read(t, allQueues, spec.Collection{Kind: spec.KindQueueConsumer})
	if asked := l.Asked(); len(asked) != 1 || len(snap.Resources) != 2 {
		t.Errorf("asked %v, read %v", asked, snap.Addresses())
	}

	list := success(`[{"queue_id":"q","queue_name":"events","consumers":[
		{"consumer_id":"a","type":"http_pull","settings":{"batch_size":5,"visibility_timeout_ms":1000}},
		{"consumer_id":"b","type":"worker","service":"site","environment":"production","settings":{"max_concurrency":null}},
		{"consumer_id":"c","type":"worker","script_name":"other"}]}]`)
	read, err := craft(t, list).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{{Kind: spec.KindQueueConsumer}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range read.Addresses() {
		got = append(got, a.String()+" "+read.Resources[a].Revision.ID)
	}
	want := []string{"queue_consumer/events/ q/a", "queue_consumer/events/other q/c", "queue_consumer/events/site q/b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// If a response has no id, the consumer is looked up. A response about
// something else is an error.
func TestAnswersAboutConsumers(t *testing.T) {
	consumer := &spec.QueueConsumer{Queue: "events", Worker: "site"}
	queues := success(`[{"queue_id":"q","queue_name":"events","consumers":[{"consumer_id":"c","type":"worker","script":"site"}]}]`)
	handler, _ := answers(queues, success(`{"script_name":"site","settings":{}}`), queues)
	revision, err := craft(t, handler).Account(testAccount).Put(t.Context(), spec.Write{Resource: consumer})
	if err != nil || revision.ID != "q/c" {
		t.Errorf("%+v, %v", revision, err)
	}
	_, err = craft(t, success(`{"consumer_id":"x"}`)).Account(testAccount).Put(t.Context(), spec.Write{Resource: consumer, Prior: &revision})
	if err == nil || !strings.Contains(err.Error(), `the consumer "x"`) {
		t.Errorf("got %v", err)
	}
	handler, _ = answers(queues, failure(400, 11004, "taken"))
	if _, err = craft(t, handler).Account(testAccount).Put(t.Context(), spec.Write{Resource: consumer}); !IsExists(err) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersThatCannotBeRight(t *testing.T) {
	for name, tt := range map[string]struct {
		response http.HandlerFunc
		resource spec.Resource
		want     string
	}{
		"another domain": {
			success(`{"id":"d","hostname":"b.example.com","service":"site"}`),
			&spec.CustomDomain{Hostname: "a.example.com", Zone: strings.Repeat("0", 32), Worker: "site"}, `"b.example.com"`,
		},
		"fewer crons": {success(`{"schedules":[]}`), &spec.CronTriggers{Worker: "site", Crons: []string{"0 0 * * *"}}, "0 cron triggers"},
		"subdomain": {
			success(`{"enabled":false,"previews_enabled":false}`),
			&spec.WorkerSubdomain{Worker: "site", Enabled: yes(true), PreviewsEnabled: yes(false)}, "enabled false",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := craft(t, tt.response).Account(testAccount).Put(t.Context(), spec.Write{Resource: tt.resource})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A Worker or a queue that was created moments ago may not be known everywhere
// yet.
func TestAttachedToWhatIsNew(t *testing.T) {
	for name, tt := range map[string]struct {
		resource spec.Resource
		answers  []http.HandlerFunc
	}{
		"a Worker": {
			&spec.CronTriggers{Worker: "site", Crons: []string{"0 0 * * *"}},
			[]http.HandlerFunc{failure(404, 10007, "not there"), success(`{"schedules":[{"cron":"0 0 * * *"}]}`)},
		},
		"a queue": {
			&spec.QueueConsumer{Queue: "events", Worker: "site"},
			[]http.HandlerFunc{success(`[]`), success(`[{"queue_id":"q","queue_name":"events"}]`), success(`{"consumer_id":"c"}`)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			created := success(`{"id":"1","title":"t"}`)
			handler, n := answers(append([]http.HandlerFunc{created}, tt.answers...)...)
			a := craft(t, handler).Account(testAccount)
			if _, err := a.Put(t.Context(), spec.Write{Resource: &spec.KVNamespace{Title: "t"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Put(t.Context(), spec.Write{Resource: tt.resource}); err != nil || *n != 1+len(tt.answers) {
				t.Errorf("%v after %d requests", err, *n)
			}
		})
	}
	// Nothing was created, so it fails at once.
	handler, n := answers(failure(404, 10007, "not there"))
	_, err := craft(t, handler).Account(testAccount).Put(t.Context(), spec.Write{Resource: &spec.CronTriggers{Worker: "site"}})
	if !IsNotFound(err) || *n != 1 {
		t.Errorf("%v after %d requests", err, *n)
	}
}

// The longest zone of a host counts. A small account is asked once.
func TestZonesOf(t *testing.T) {
	l := openLocal(t)
	for _, name := range []string{"example.com", "shop.example.com"} {
		if err := l.Emulator.EnsureZone(testAccount, name); err != nil {
			t.Fatal(err)
		}
	}
	hosts := []string{"example.com", "www.example.com", "shop.example.com", "eu.shop.example.com", "myshop.example.com", "example.org", "a.b.c.example.net"}
	want := map[string]string{
		"example.com": "example.com", "www.example.com": "example.com", "myshop.example.com": "example.com",
		"shop.example.com": "shop.example.com", "eu.shop.example.com": "shop.example.com",
	}
	got, err := l.ZonesOf(t.Context(), hosts)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if asked := l.Asked(); len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}

	// In a large account, each label is asked for once.
	for i := range 60 {
		if err := l.Emulator.EnsureZone(testAccount, fmt.Sprintf("a%02d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	got, err = l.client.Account(testAccount).ZonesOf(t.Context(), append(hosts, "www.a59.example"))
	want["www.a59.example"] = "a59.example"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if asked := l.Asked(); len(asked) != 13 { // a page, and 12 names
		t.Errorf("asked %d times: %v", len(asked), asked)
	}
	if got, err := l.ZonesOf(t.Context(), nil); got != nil || err != nil || len(l.Asked()) != 0 {
		t.Errorf("without hosts: %v, %v", got, err)
	}
}

// Collections that the credentials may not read stay unread, and the others are
// added.
func TestExtend(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, worker("site"), nil)
	put(t, l.Account, &spec.Queue{Name: "events"}, nil)
	put(t, l.Account, &spec.QueueConsumer{Queue: "events", Worker: "site"}, nil)
	consumers, domains := spec.Collection{Kind: spec.KindQueueConsumer}, spec.Collection{Kind: spec.KindCustomDomain}
	snap := l.read(t, allWorkers)
	if err := l.ReadMore(t.Context(), snap, []spec.Collection{consumers, domains}); err != nil {
		t.Fatal(err)
	}
	if !snap.Read(consumers) || !snap.Read(domains) || !snap.Read(allWorkers) || len(snap.Resources) != 2 {
		t.Errorf("read %v of %v", snap.Addresses(), snap.Collections)
	}
	handler, _ := answers(failure(403, 10000, "no"))
	a := craft(t, handler).Account(testAccount)
	if err := a.ReadMore(t.Context(), snap, []spec.Collection{{Kind: spec.KindKVNamespace}}); err != nil || snap.Read(allKV) {
		t.Errorf("%v, %v", err, snap.Collections)
	}
	if err := craft(t, failure(400, 10004, "bad")).Account(testAccount).ReadMore(t.Context(), snap, []spec.Collection{allKV}); err == nil {
		t.Error("a failure was passed over")
	}
}

package runtime

import (
	"testing"
	"time"
)

// TestVerdicts tests what happens to messages after each result that workerd
// reports.
func TestVerdicts(t *testing.T) {
	half := 0.5
	for name, test := range map[string]struct {
		verdict verdict
		delay   time.Duration
		again   bool
	}{
		"all went well":              {verdict: verdict{Outcome: "ok"}},
		"it threw":                   {verdict: verdict{Outcome: "exception"}, delay: time.Second, again: true},
		"it threw after an ack":      {verdict: verdict{Outcome: "exception", Acks: []string{"m"}}},
		"it threw after ackAll":      {verdict: verdict{Outcome: "exception", AckAll: true}},
		"the message is retried":     {verdict: verdict{Outcome: "ok", Retries: []retry{{ID: "m", DelaySeconds: &half}}}, delay: time.Second / 2, again: true},
		"another message is retried": {verdict: verdict{Outcome: "ok", Retries: []retry{{ID: "n"}}}},
		"the batch is retried":       {verdict: verdict{Outcome: "ok", RetryBatch: retry{Retry: true}}, delay: time.Second, again: true},
		"all but an acked one are":   {verdict: verdict{Outcome: "ok", RetryBatch: retry{Retry: true}, Acks: []string{"m"}}},
		"the message and the batch":  {verdict: verdict{Outcome: "ok", RetryBatch: retry{Retry: true}, Retries: []retry{{ID: "m", DelaySeconds: &half}}}, delay: time.Second / 2, again: true},
	} {
		delay, again := test.verdict.retries(message{ID: "m"}, time.Second)
		if again != test.again || again && delay != test.delay {
			t.Errorf("%s: %v after %v, want %v after %v", name, again, delay, test.again, test.delay)
		}
	}
}

func TestBatches(t *testing.T) {
	now := time.Unix(1000, 0)
	at := func(seconds ...int) (list []message) {
		for _, s := range seconds {
			list = append(list, message{due: now.Add(time.Duration(s) * time.Second)})
		}
		return list
	}
	c := consumer{BatchSize: 2, Wait: 5 * time.Second}
	for name, test := range map[string]struct {
		held []message
		want int // seconds from now
	}{
		"one waits for company":          {at(0), 5},
		"a full batch goes at once":      {at(0, 0, 9), 0},
		"one that is delayed":            {at(9, 0), 5},
		"the second comes soon enough":   {at(0, 3), 3},
		"none is due for a long time":    {at(60, 70), 65},
		"all are due when the last ones": {at(60, 60), 60},
	} {
		if got := nextBatch(test.held, c); !got.Equal(now.Add(time.Duration(test.want) * time.Second)) {
			t.Errorf("%s: after %v, want %d s", name, got.Sub(now), test.want)
		}
	}
	batch, rest := takeBatch(at(0, 9, 0, 0), 2, now)
	if len(batch) != 2 || len(rest) != 2 {
		t.Errorf("took %d and left %d, want 2 and 2", len(batch), len(rest))
	}
}

package runtime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A consumer is the Worker that receives a queue's messages, and its settings.
type consumer struct {
	Worker     string
	BatchSize  int           // messages in a batch, at most
	Wait       time.Duration // until a batch is full
	Retries    int           // deliveries after the first
	RetryDelay time.Duration
	DeadLetter string // the queue for messages that were never acknowledged; empty: they are dropped
}

// deliveryLimit is how long a Worker may take for a batch.
// Source: https://developers.cloudflare.com/queues/platform/limits/
const deliveryLimit = 15 * time.Minute

// queues hold the messages that were sent and not acknowledged yet. They are in
// memory: they outlive workerd, and are lost when wfpsync ends.
type queues struct {
	consumer func(queue string) (consumer, bool)
	deliver  func(ctx context.Context, worker, queue string, batch []message) (verdict, error)
	tell     func(level, format string, args ...any)

	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	inboxes map[string]*inbox // a goroutine delivers each
}

// An inbox has the messages of one queue that were not looked at yet.
type inbox struct {
	messages []message     // guarded by queues.mu
	news     chan struct{} // has room for one: there are messages, or another consumer
}

// maxHeld is how many messages wait in a queue without a consumer.
const maxHeld = 10_000

// A message is a message in a queue.
type message struct {
	ID          string          `json:"id"`
	Timestamp   int64           `json:"timestamp"` // milliseconds since 1970
	Attempts    int             `json:"attempts"`
	ContentType string          `json:"contentType"`
	Body        json.RawMessage `json:"body"`

	due time.Time
}

// A verdict is a Worker's result for a batch, as workerd reports it.
type verdict struct {
	Outcome    string   `json:"outcome"`
	AckAll     bool     `json:"ackAll"`
	Acks       []string `json:"explicitAcks"`
	RetryBatch retry    `json:"retryBatch"`
	Retries    []retry  `json:"retryMessages"`
}

type retry struct {
	ID           string   `json:"msgId"`
	Retry        bool     `json:"retry"` // for the whole batch
	DelaySeconds *float64 `json:"delaySeconds"`
}

func newQueues(
	consumer func(string) (consumer, bool),
	deliver func(context.Context, string, string, []message) (verdict, error),
	tell func(string, string, ...any),
) *queues {
	q := &queues{consumer: consumer, deliver: deliver, tell: tell, inboxes: map[string]*inbox{}}
	q.ctx, q.stop = context.WithCancel(context.Background())
	return q
}

func (q *queues) close() {
	q.stop()
	q.done.Wait()
}

// send serves a Worker's send() and sendBatch().
func (r *Runtime) send(request *http.Request) (response, error) {
	var sent []struct {
		message
		DelaySeconds *float64 `json:"delaySeconds"`
	}
	if err := json.NewDecoder(request.Body).Decode(&sent); err != nil {
		return nil, err
	}
	now, usual := time.Now(), r.deliveryDelay(request.PathValue("name"))
	var messages []message
	for _, s := range sent {
		delay := usual
		if s.DelaySeconds != nil {
			delay = *s.DelaySeconds
		}
		s.ID, s.Timestamp, s.due = strings.ToLower(rand.Text()), now.UnixMilli(), now.Add(seconds(delay))
		messages = append(messages, s.message)
	}
	r.queues.add(request.PathValue("name"), messages)
	return nil, nil
}

// deliveryDelay returns a queue's default delay in seconds.
func (r *Runtime) deliveryDelay(queue string) (delay float64) {
	_ = r.parts.Store.View(func(tx *store.Tx) error { // on an error, there is no delay
		q, _ := tx.QueueByName(r.options.Account, queue)
		delay = float64(q.Settings.DeliveryDelay)
		return nil
	})
	return delay
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// add adds messages to a queue.
func (q *queues) add(queue string, messages []message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ctx.Err() != nil {
		return
	}
	in := q.inboxes[queue]
	if in == nil {
		in = &inbox{news: make(chan struct{}, 1)}
		q.inboxes[queue] = in
		q.done.Go(func() { q.serve(queue, in) })
	}
	in.messages = append(in.messages, messages...)
	in.notify()
}

// look makes a queue look for its consumer again.
func (q *queues) look(queue string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if in := q.inboxes[queue]; in != nil {
		in.notify()
	}
}

func (in *inbox) notify() {
	select {
	case in.news <- struct{}{}:
	default: // it has been told already
	}
}

func (q *queues) take(in *inbox) []message {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := in.messages
	in.messages = nil
	return taken
}

// serve delivers the messages of one queue, batch by batch.
func (q *queues) serve(queue string, in *inbox) {
	var held []message
	for {
		receiver, consumed := q.consumer(queue)
		var wake <-chan time.Time
		if consumed && len(held) > 0 {
			wake = time.After(time.Until(nextBatch(held, receiver)))
		}
		select {
		case <-q.ctx.Done():
			return
		case <-in.news:
			messages := q.take(in)
			held = append(held, messages...)
			if consumed || len(messages) == 0 {
				continue
			}
			q.tell("warn", "messages wait in the queue %s (%d), and no Worker consumes it", queue, len(held))
			if over := len(held) - maxHeld; over > 0 {
				q.tell("warn", "the oldest messages of the queue %s are dropped (%d)", queue, over)
				held = held[over:]
			}
		case <-wake:
			batch, rest := takeBatch(held, receiver.BatchSize, time.Now())
			held = append(rest, q.hand(queue, receiver, batch)...)
		}
	}
}

// nextBatch returns when to deliver a batch: at once if enough messages are
// due, or else some time after the first one was.
func nextBatch(held []message, c consumer) time.Time {
	due := make([]time.Time, len(held))
	for i, m := range held {
		due[i] = m.due
	}
	slices.SortFunc(due, time.Time.Compare)
	at := due[0].Add(c.Wait)
	if len(due) >= c.BatchSize && due[c.BatchSize-1].Before(at) {
		return due[c.BatchSize-1]
	}
	return at
}

// takeBatch takes the messages that are due, as many as fit.
func takeBatch(held []message, size int, now time.Time) (batch, rest []message) {
	for _, m := range held {
		if len(batch) < size && !m.due.After(now) {
			batch = append(batch, m)
		} else {
			rest = append(rest, m)
		}
	}
	return batch, rest
}

// hand delivers a batch and returns the messages to be delivered again.
func (q *queues) hand(queue string, c consumer, batch []message) (again []message) {
	if len(batch) == 0 {
		return nil
	}
	for i := range batch {
		batch[i].Attempts++
	}
	ctx, cancel := context.WithTimeout(q.ctx, deliveryLimit)
	defer cancel()
	v, err := q.deliver(ctx, c.Worker, queue, batch)
	if err != nil {
		v = verdict{Outcome: err.Error()}
	}
	for _, m := range batch {
		delay, retried := v.retries(m, c.RetryDelay)
		switch {
		case !retried:
		case m.Attempts <= c.Retries:
			m.due = time.Now().Add(delay)
			again = append(again, m)
		case c.DeadLetter != "":
			m.Attempts, m.due = 0, time.Now()
			q.add(c.DeadLetter, []message{m})
		default:
			q.tell("warn", "a message of the queue %s is dropped after %d deliveries", queue, m.Attempts)
		}
	}
	return again
}

// retries reports whether to deliver a message again, and after how long.
func (v verdict) retries(m message, usual time.Duration) (time.Duration, bool) {
	asked := v.RetryBatch
	for _, r := range v.Retries {
		if r.ID == m.ID {
			asked = r
			asked.Retry = true
		}
	}
	switch {
	case slices.Contains(v.Acks, m.ID):
		return 0, false
	case asked.Retry && asked.DelaySeconds != nil:
		return seconds(*asked.DelaySeconds), true
	case asked.Retry:
		return usual, true
	}
	return usual, !v.AckAll && v.Outcome != "ok"
}

// consumer returns the Worker that gets a queue's messages, if there is one.
func (r *Runtime) consumer(queue string) (found consumer, consumed bool) {
	err := r.parts.Store.View(func(tx *store.Tx) error {
		q, _ := tx.QueueByName(r.options.Account, queue)
		for _, c := range q.Consumers {
			if c.Script == "" || q.Settings.DeliveryPaused {
				continue
			}
			found, consumed = consumer{
				Worker: c.Script, DeadLetter: c.DeadLetterQueue,
				BatchSize: c.Settings.BatchSize, Retries: c.Settings.MaxRetries,
				RetryDelay: time.Duration(c.Settings.RetryDelay) * time.Second,
			}, true
			if wait := c.Settings.MaxWaitTimeMS; wait != nil {
				found.Wait = time.Duration(*wait) * time.Millisecond
			}
		}
		return nil
	})
	if err != nil {
		r.tell("error", "cannot find the consumer of the queue %s: %v", queue, err)
	}
	return found, consumed
}

// deliver sends a batch to a Worker.
func (r *Runtime) deliver(ctx context.Context, worker, queue string, batch []message) (verdict, error) {
	var v verdict
	p, err := r.youngest(ctx)
	if err != nil {
		return v, err
	}
	order := map[string]any{"worker": worker, "queue": queue, "messages": batch}
	return v, p.control(ctx, "/queue", order, &v)
}

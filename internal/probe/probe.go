// Package probe asks user Workers over HTTP whether they work, as the probe of
// a rollout says.
package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// maxBody is how much of a response is read. What a probe looks for is near its
// beginning, and a response that never ends is not read to the end.
const maxBody = 1 << 20

// maxHeader limits the size of a response's header.
const maxHeader = 64 << 10

// Options configure a Prober. All are optional.
type Options struct {
	// UserAgent is sent with every probe that does not set the header itself.
	UserAgent string

	// Through is the HOST:PORT that every probe is sent to as plain HTTP,
	// whatever its URL: a dispatcher on this machine. The Host header stays
	// that of the URL.
	Through string
}

// Prober sends probes. It is safe for concurrent use, and must be closed.
type Prober struct {
	options Options

	mu      sync.Mutex
	clients map[string]*http.Client // by what they connect to
}

// New returns a Prober.
func New(options Options) *Prober {
	return &Prober{options: options, clients: map[string]*http.Client{}}
}

// Close closes the idle connections.
func (p *Prober) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range p.clients {
		client.CloseIdleConnections()
	}
}

// Probe sends a probe once. The error says what is wrong with the response, or
// why there is none. It quotes neither headers nor the response's body, which
// may be confidential. Secrets are the values of confidential headers, by name.
func (p *Prober) Probe(ctx context.Context, probe *spec.Probe, secrets map[string]spec.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, probe.Timeout)
	defer cancel()
	request, err := p.request(ctx, probe, secrets)
	if err != nil {
		return err
	}
	response, err := p.client(probe).Do(request)
	if err != nil {
		return noAnswer(ctx, err, probe.Timeout)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	switch {
	case !probe.Accepts(response.StatusCode):
		return fmt.Errorf("it answered with status %d instead of %s", response.StatusCode, expected(probe))
	case probe.BodyContains == "":
		return nil
	case bytes.Contains(body, []byte(probe.BodyContains)):
		return nil
	case err != nil:
		return noAnswer(ctx, err, probe.Timeout)
	default:
		return fmt.Errorf("its answer does not contain %q", probe.BodyContains)
	}
}

func (p *Prober) request(ctx context.Context, probe *spec.Probe, secrets map[string]spec.Secret) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, probe.Method, probe.URL, nil)
	if err != nil {
		return nil, err
	}
	if p.options.Through != "" {
		request.URL.Scheme = "http"
	}
	request.Header.Set("User-Agent", p.options.UserAgent)
	for _, h := range probe.Headers {
		value := h.Value
		if h.Secret != nil {
			value = secrets[h.Name].Reveal()
		}
		request.Header.Set(h.Name, value)
	}
	return request, nil
}

// client returns a client that connects to the target of a probe. It does not
// follow redirects.
func (p *Prober) client(probe *spec.Probe) *http.Client {
	to := probe.ConnectTo
	if p.options.Through != "" {
		to = p.options.Through
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if client := p.clients[to]; client != nil {
		return client
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = maxHeader
	transport.MaxIdleConnsPerHost = 1
	if to != "" {
		dialer := &net.Dialer{}
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, to)
		}
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.clients[to] = client
	return client
}

// noAnswer returns why there is no response, without the URL, which is known.
func noAnswer(ctx context.Context, err error, timeout time.Duration) error {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("there was no answer within %s", timeout)
	}
	return fmt.Errorf("there was no answer: %w", err)
}

// expected returns the statuses that a probe accepts.
func expected(probe *spec.Probe) string {
	if len(probe.Status) == 0 {
		return "one from 200 to 299"
	}
	words := make([]string, len(probe.Status))
	for i, status := range probe.Status {
		words[i] = strconv.Itoa(status)
	}
	return strings.Join(words, " or ")
}

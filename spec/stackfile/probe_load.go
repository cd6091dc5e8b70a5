package stackfile

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
)

// What a probe is like where the file does not say it, and its bounds.
const (
	defaultProbeTimeout  = 10 * time.Second
	defaultProbeAttempts = 3
	defaultProbeInterval = 2 * time.Second
	longestProbeTimeout  = 5 * time.Minute
	longestProbeInterval = 10 * time.Minute
)

// loadProbe reads a probe, its expressions replaced.
func (l *loader) loadProbe(value *document.Value) *spec.Probe {
	if value == nil || value.Kind != document.Map {
		return nil
	}
	p := &spec.Probe{
		URL:          value.Get("url").String(),
		Method:       cmp.Or(value.Get("method").String(), "GET"),
		Headers:      l.loadProbeHeaders(value.Get("headers")),
		ConnectTo:    value.Get("connect_to").String(),
		BodyContains: value.Get("expect").Get("body_contains").String(),
		Timeout:      cmp.Or(l.rollouts.Duration(spec.RuleProbe, value.Get("timeout"), time.Millisecond, longestProbeTimeout), defaultProbeTimeout),
		Attempts:     defaultProbeAttempts,
		Interval:     defaultProbeInterval,
	}
	if attempts := value.Get("attempts"); attempts != nil {
		p.Attempts = int(attempts.Number)
	}
	if interval := value.Get("interval"); interval != nil {
		p.Interval = l.rollouts.Duration(spec.RuleProbe, interval, 0, longestProbeInterval)
	}
	switch status := value.Get("expect").Get("status"); {
	case status == nil:
	case status.Kind == document.Number:
		p.Status = []int{int(status.Number)}
	case len(status.Items) == 0:
		l.Report(spec.RuleProbe, status.Range(), "the list of expected statuses is empty", "list the statuses to accept, or leave it out to accept 200 to 299")
	default:
		for _, item := range status.Items {
			p.Status = append(p.Status, int(item.Number))
		}
	}
	if p.Method == "HEAD" && p.BodyContains != "" {
		l.Report(spec.RuleProbe, value.Get("expect").Get("body_contains").Range(), "a response to HEAD has no body", "send the probe with `method: GET`")
	}
	l.checkProbeURL(value.Get("url"))
	if p.ConnectTo != "" {
		l.checkConnectTo(value.Get("connect_to"))
	}
	return p
}

func (l *loader) checkProbeURL(value *document.Value) {
	text := value.String()
	if text == "" {
		return // what is wrong has been said
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		l.Mask(value)
		l.Report(spec.RuleProbe, value.Range(), "the URL of a probe cannot have credentials in it", "give them in a header: `headers: { Authorization: { env: NAME } }`")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Fragment != "" || strings.ContainsAny(text, " \t\r\n"):
		l.Report(spec.RuleProbe, value.Range(), fmt.Sprintf("%q is not a complete URL", text), "write it whole, as in https://acme.platform.example.com/health")
	}
}

func (l *loader) checkConnectTo(value *document.Value) {
	host, port, err := net.SplitHostPort(value.Text)
	if err != nil || host == "" || !portNumber.MatchString(port) {
		l.Report(spec.RuleProbe, value.Range(), fmt.Sprintf("%q is not HOST:PORT", value.Text), "write HOST:PORT, as in 127.0.0.1:8787")
	}
}

var (
	portNumber = regexp.MustCompile(`^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$`)

	// headerName is a token. Source: RFC 9110, section 5.1.
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
)

// ownHeaders are those that a request has of its URL and its body.
var ownHeaders = []string{"host", "content-length", "transfer-encoding", "connection"}

// loadProbeHeaders reads the headers, sorted by name.
func (l *loader) loadProbeHeaders(value *document.Value) []spec.ProbeHeader {
	var headers []spec.ProbeHeader
	seen := map[string]diag.Range{}
	for _, m := range value.MembersOrNil() {
		h := spec.ProbeHeader{Name: m.Key, Value: m.Value.String()}
		folded := strings.ToLower(m.Key)
		if m.Value.Kind == document.Map {
			h.Secret = &spec.SecretSource{Env: m.Value.Get("env").String(), File: layer.CleanPath(m.Value.Get("file").String())}
			if l.checkOneOf(m.Value, "env", "file") {
				l.checkSecretSource(*h.Secret, m.Value)
			}
		}
		switch first, twice := seen[folded]; {
		case !headerName.MatchString(m.Key) || strings.ContainsAny(h.Value, "\r\n\x00"):
			l.Report(spec.RuleProbe, m.Range(), fmt.Sprintf("%q is not a header", m.Key), "a name has letters, digits and hyphens, and a value is one line")
		case slices.Contains(ownHeaders, folded):
			l.Report(spec.RuleProbe, m.Range(), fmt.Sprintf("the header %q is set by the request itself", m.Key), "give the host in `url`, and where to connect in `connect_to`")
		case twice:
			l.Report(spec.RuleProbe, m.Range(), fmt.Sprintf("the header %q is given twice", m.Key), "give it once",
				diag.Related{Range: first, Message: "first given here"})
		}
		seen[folded] = m.Range()
		headers = append(headers, h)
	}
	slices.SortFunc(headers, func(a, b spec.ProbeHeader) int { return strings.Compare(a.Name, b.Name) })
	return headers
}

package assetrules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// An address in a rule is a path, or a URL with https.
var (
	withHost = regexp.MustCompile(`^https://+([^/]+)/?(.*)`)
	withPort = regexp.MustCompile(`:\d+$`)
)

// hasHost reports whether an address has a host.
func hasHost(text string) bool {
	return strings.HasPrefix(text, "https:") && withHost.MatchString(text)
}

var (
	errNoAddress = errors.New(`is neither a path, with a slash before it, nor an address with https://`)
	errPort      = errors.New(`has a port, which rules cannot have`)
)

// normalAddress returns an address as a request has it. With withRest, it keeps
// the query and the fragment after the path.
func normalAddress(text string, withPorts, withRest bool) (string, error) {
	if hasHost(text) {
		m := withHost.FindStringSubmatch(text)
		if !withPorts && withPort.MatchString(m[1]) {
			return "", errPort
		}
		return "https://" + m[1] + normalPath("/"+strings.TrimPrefix(m[2], "/"), withRest), nil
	}
	if !strings.HasPrefix(text, "/") {
		return "", errNoAddress
	}
	return normalPath(text, withRest), nil
}

// normalPath returns a path as a URL has it: "." and ".." are resolved, and
// characters that a URL cannot have are encoded.
// Source: https://url.spec.whatwg.org/#path-state
func normalPath(text string, withRest bool) string {
	rest := ""
	if at := strings.IndexAny(text, "?#"); at >= 0 {
		text, rest = text[:at], text[at:]
	}
	var segments []string
	all := strings.Split(text, "/")[1:]
	for i, segment := range all {
		last := i == len(all)-1
		switch dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); {
		case dots == "..":
			segments = segments[:max(0, len(segments)-1)]
		case dots != ".":
			segments = append(segments, segment)
			continue
		}
		if last {
			segments = append(segments, "")
		}
	}
	path := "/" + encoded(strings.Join(segments, "/"), "\"<>^`{}")
	if !withRest {
		return path
	}
	return path + encoded(rest, "\"<>")
}

// encoded returns text with some special characters, and all that are not
// printable ASCII, written as %XX.
func encoded(text, special string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(special, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

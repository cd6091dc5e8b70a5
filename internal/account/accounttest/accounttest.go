// Package accounttest has the resources that the tests of packages account and
// guarded put into an account. Only tests import it.
package accounttest

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

// Source is the code of a Worker that says hello.
const Source = "export default { fetch() { return new Response('hello') } }\n"

// Code returns built code of one module.
func Code(source string) *spec.Code {
	code := new(spec.Code)
	code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(source)}})
	return code
}

// UserWorker returns a user Worker that says hello, with changes.
func UserWorker(namespace, name string, change ...func(*spec.Script)) *spec.UserWorker {
	return &spec.UserWorker{DispatchNamespace: namespace, Name: name, Script: Script(change...)}
}

// Worker returns a Worker of the account that says hello, with changes.
func Worker(name string, change ...func(*spec.Script)) *spec.Worker {
	return &spec.Worker{Name: name, Script: Script(change...)}
}

// Script returns what both have in common.
func Script(changes ...func(*spec.Script)) spec.Script {
	s := spec.Script{Code: Code(Source), CompatibilityDate: "2026-01-01"}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// Tagged returns a change that sets the tags of a script.
func Tagged(tag string) func(*spec.Script) {
	return func(s *spec.Script) { s.Tags = []string{tag} }
}

// SeedName returns the name of one user Worker of many.
func SeedName(i int) string { return fmt.Sprintf("w%04d", i) }

// UsersOf returns the collection of the user Workers of a dispatch namespace.
func UsersOf(namespace string) spec.Collection {
	return spec.Collection{Kind: spec.KindUserWorker, Parent: namespace}
}

// FrontDoor returns a record that leads every host of a zone to Workers.
func FrontDoor(comment string) *spec.DNSRecord {
	return &spec.DNSRecord{Zone: "example.com", Type: "AAAA", Name: "*.example.com", Content: "100::", Proxied: true, TTL: spec.AutomaticTTL, Comment: &comment}
}

// Shop returns a customer's hostname as a file has it, with a change, or
// unchanged if that is nil.
func Shop(change func(*spec.CustomHostname)) *spec.CustomHostname {
	h := &spec.CustomHostname{
		Zone: "example.com", Hostname: "shop.acme.dev",
		SSL:            spec.Object{"method": "http", "type": "dv", "settings": spec.Object{"min_tls_version": "1.2"}},
		CustomMetadata: spec.Object{"user_worker": "acme", "seats": 3.0, "deep": spec.Object{"list": []any{nil, true}}},
	}
	if change != nil {
		change(h)
	}
	return h
}

// LiveShop returns the hostname as the account has it, with what the platform
// chooses.
func LiveShop(change func(*spec.CustomHostname)) *spec.CustomHostname {
	h := Shop(change)
	for name, value := range map[string]any{"bundle_method": "ubiquitous", "certificate_authority": "google", "wildcard": false} {
		h.SSL[name] = value
	}
	return h
}

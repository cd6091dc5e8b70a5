package account

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// notTheAPI are responses of something in front of the API, or pretending to be
// it. None of them says that something does not exist.
var notTheAPI = map[string]http.HandlerFunc{
	"a page with 404":      reply(404, "text/html", "<html>404 Not Found</html>"),
	"a page with 403":      reply(403, "text/html", "<html>403 Forbidden</html>"),
	"a page with 410":      reply(410, "text/html", "<html>Gone</html>"),
	"a page with 200":      reply(200, "text/html", "<html>Welcome</html>"),
	"nothing with 404":     reply(404, "", ""),
	"JSON with 404":        reply(404, jsonType, `{"message":"no Route matched with those values"}`),
	"empty JSON with 404":  reply(404, jsonType, `{}`),
	"null with 404":        reply(404, jsonType, `null`),
	"a list with 404":      reply(404, jsonType, `[]`),
	"another tool's error": reply(404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404}`),
}

// saysNothing are successes that show nothing where a list or a single resource
// was asked for.
var saysNothing = map[string]http.HandlerFunc{
	"null":      success("null"),
	"no result": reply(200, jsonType, `{"success":true,"errors":[],"messages":[]}`),
}

const absentZone = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" // an id, which is not looked up

// someOf returns, for each kind, the parent of a collection and a resource in
// it.
func someOf(kind spec.Kind) (parent string, address spec.Address) {
	switch kind {
	case spec.KindRoute, spec.KindDNSRecord, spec.KindCustomHostname:
		parent = absentZone
	case spec.KindUserWorker, spec.KindKVPair:
		parent = "n"
	case spec.KindCronTriggers, spec.KindWorkerSubdomain:
		return "w", spec.Address{Kind: kind, Name: "w"}
	}
	name := "x"
	if kind == spec.KindDNSRecord {
		name = "CNAME/x.example.com"
	}
	return parent, spec.Address{Kind: kind, Parent: parent, Name: name}
}

// isUnproved fails the test if an error takes something that proves nothing for
// absence.
func isUnproved(t *testing.T, what string, err error) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: taken for an answer", what)
	case IsNotFound(err) || cloudflare.IsDenied(err):
		t.Errorf("%s: taken for the API's word: %v", what, err)
	case strings.Contains(err.Error(), "<html>"), strings.Contains(err.Error(), "Route matched"):
		t.Errorf("%s: it is quoted: %v", what, err)
	}
}

// Only the API's envelope says that something is absent. This holds for every
// kind, through the SDK and through the raw client.
func TestAbsenceNeedsAnEnvelope(t *testing.T) {
	for kind, ops := range opsByKind {
		parent, address := someOf(kind)
		reads := map[string]func(context.Context, *Account) error{
			"list": func(ctx context.Context, a *Account) error {
				_, err := a.Read(ctx, "platform", []spec.Collection{{Kind: kind, Parent: parent}})
				return err
			},
		}
		if ops.look != nil {
			reads["look"] = func(ctx context.Context, a *Account) error {
				_, err := a.Look(ctx, "platform", address, nil)
				return err
			}
		}
		for read, do := range reads {
			for _, kindOf := range []map[string]http.HandlerFunc{notTheAPI, saysNothing} {
				for name, handler := range kindOf {
					isUnproved(t, string(kind)+" "+read+" "+name, do(t.Context(), craft(t, handler).Account(testAccount)))
				}
			}
		}
		for name, handler := range notTheAPI {
			for _, prior := range []spec.Revision{{ID: "i/j"}, {}} {
				err := craft(t, handler).Account(testAccount).Delete(t.Context(), address, prior)
				isUnproved(t, string(kind)+" delete "+name, err)
			}
		}
	}
}

// An object in place of a list is not an empty list, whichever client reads it.
func TestListsAreLists(t *testing.T) {
	for kind := range opsByKind {
		if slices.Contains([]spec.Kind{spec.KindCronTriggers, spec.KindWorkerSubdomain}, kind) {
			continue // they are one object of a Worker
		}
		parent, _ := someOf(kind)
		for _, result := range []string{`{}`, `{"script":null}`, `"none"`, `{"buckets":null}`} {
			_, err := craft(t, success(result)).Account(testAccount).Read(t.Context(), "platform", []spec.Collection{{Kind: kind, Parent: parent}})
			isUnproved(t, string(kind)+" "+result, err)
		}
	}
}

// A search for orphans does not skip a collection because of what a proxy says.
func TestElsewhereNeedsAnEnvelope(t *testing.T) {
	zones := success(`[{"id":"` + absentZone + `","name":"example.com"}]`)
	for name, page := range notTheAPI {
		handler, _ := answers(zones, page)
		a := craft(t, handler).Account(testAccount)
		err := a.SearchOrphans(t.Context(), "platform", spec.NewSnapshot(spec.Account{}), spec.OrphanSearch{ZoneKinds: []spec.Kind{spec.KindCustomHostname}})
		isUnproved(t, name, err)
	}
}

// An HTML page is not the code of a Worker. A rollback would upload it.
func TestPagesAreNotCode(t *testing.T) {
	_, address := someOf(spec.KindUserWorker)
	_, err := craft(t, notTheAPI["a page with 200"]).Account(testAccount).code(t.Context(), address, nil)
	isUnproved(t, "code", err)
}

// The API answers a GET of a missing user Worker in two ways, and neither needs
// a second request. A response that shows nothing about a script says neither.
func TestAbsentUserWorker(t *testing.T) {
	_, address := someOf(spec.KindUserWorker)
	for response, absent := range map[string]bool{`{"script":null}`: true, `{"script":null,"dispatch_namespace":"n"}`: true, `{}`: false, `{"script":{}}`: false, `{"dispatch_namespace":"n"}`: false} {
		handler, requests := answers(success(response))
		now, err := craft(t, handler).Account(testAccount).Look(t.Context(), "platform", address, nil)
		switch {
		case absent && (now != nil || err != nil):
			t.Errorf("%s: %v, %v", response, now, err)
		case !absent:
			isUnproved(t, response, err)
		}
		if *requests != 1 {
			t.Errorf("%s: %d requests", response, *requests)
		}
	}
}

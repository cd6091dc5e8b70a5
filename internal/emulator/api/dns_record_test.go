package api_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestDNSRecords(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	records := "/zones/" + a.Zone("example.com") + "/dns_records"
	created := a.JSON("POST", records, object{"type": "AAAA", "name": "*.Example.com", "content": "100::", "proxied": true, "ttl": 300, "comment": "x", "tags": []string{"a:b"}}).Object()
	id := created["id"].(string)
	if created["name"] != "*.example.com" || created["ttl"] != 1.0 || created["proxiable"] != true || created["comment"] != "x" || len(id) != 32 {
		t.Errorf("created %v", created)
	}
	for name, tt := range map[string]struct {
		body object
		code int
	}{
		"identical":      {object{"type": "AAAA", "name": "*", "content": "100::"}, 81058},
		"CNAME beside":   {object{"type": "CNAME", "name": "*.example.com", "content": "a.example.net"}, 81053},
		"no content":     {object{"type": "A", "name": "a"}, 1004},
		"not an IPv4":    {object{"type": "A", "name": "a", "content": "100::"}, 1004},
		"proxied text":   {object{"type": "TXT", "name": "a", "content": "x", "proxied": true}, 9004},
		"TTL":            {object{"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 5}, 1004},
		"long comment":   {object{"type": "A", "name": "a", "content": "192.0.2.1", "comment": strings.Repeat("x", 501)}, 1004},
		"broken line":    {object{"type": "A", "name": "a", "content": "192.0.2.1", "comment": "a\nb"}, 1004},
		"a comment of 5": {object{"type": "A", "name": "a", "content": "192.0.2.1", "comment": 5}, 9207},
	} {
		t.Run(name, func(t *testing.T) { a.JSON("POST", records, tt.body).Fails(400, tt.code) })
	}
	apex := a.JSON("POST", records, object{"type": "CNAME", "name": "@", "content": "a.example.net"}).Object()
	if apex["name"] != "example.com" || apex["comment"] != nil {
		t.Errorf("the apex is %v", apex)
	}
	a.JSON("POST", records, object{"type": "A", "name": "example.com", "content": "192.0.2.1"}).Fails(400, 81054)
	a.JSON("POST", records, object{"type": "MX", "name": "example.com", "content": "mx.example.net", "priority": 10}).OK()

	// Comments are compared without regard to case.
	for suffix, want := range map[string]int{"X": 1, "x": 1, "%5Bx%5D": 0} {
		if got := a.Get(records + "?comment.endswith=" + suffix).OK().ResultInfo.TotalCount; got != want {
			t.Errorf("%d records with a comment that ends with %q, want %d", got, suffix, want)
		}
	}

	// PATCH keeps what it does not name, PUT does not.
	patched := a.JSON("PATCH", records+"/"+id, object{"content": "100::1"}).Object()
	if patched["content"] != "100::1" || patched["comment"] != "x" || patched["proxied"] != true || len(patched["tags"].([]any)) != 1 {
		t.Errorf("patched %v", patched)
	}
	replaced := a.JSON("PUT", records+"/"+id, object{"type": "AAAA", "name": "*.example.com", "content": "100::2", "comment": nil}).Object()
	if replaced["comment"] != nil || replaced["proxied"] != false || len(replaced["tags"].([]any)) != 0 || replaced["created_on"] != created["created_on"] {
		t.Errorf("replaced %v", replaced)
	}
	for query, want := range map[string]int{
		"": 3, "type=MX": 1, "name=example.com": 2, "name.exact=*.example.com&type=AAAA": 1, "name.startswith=*": 1,
		"content.contains=net&type=CNAME": 1, "comment.present=": 0, "comment.absent=": 3, "proxied=false": 3,
		"match=any&type=MX&content=a.example.net": 2, "content.endswith=::2": 1, "per_page=1": 3,
	} {
		if got := a.Get(records + "?" + query).OK().ResultInfo.TotalCount; got != want {
			t.Errorf("%d records with %q, want %d", got, query, want)
		}
	}
	a.Get(records+"?per_page=5000001").Fails(400, 6003)
	a.Get(records + "/" + id).OK()
	a.JSON("DELETE", records+"/"+id, nil).Is(`{"id":"` + id + `"}`)
	a.Get(records+"/"+id).Fails(404, 81044)
	a.JSON("DELETE", records+"/"+id, nil).Fails(404, 81044)
	a.Get("/zones/"+strings.Repeat("0", 32)+"/dns_records").Fails(403, 9109)
}

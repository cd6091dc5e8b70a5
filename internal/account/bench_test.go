package account

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/internal/cloudflare/cloudflaretest"
)

// Reading a large namespace is mostly decoding.
func BenchmarkDecodeList(b *testing.B) {
	item := `{"id":"customer-000042-worker","tag":"e8f70fdbc8b1fb0b8ddb1af166186758","tags":["wfpsync.platform","wfpsync-mark.1.cccccccccccccccc.5555555555555555.20260102T030405Z"],"etag":"13a3240e8fb414561b0366813b0b8f42b3e6cfa0d9e70e99835dae83d0d8a794","created_on":"2025-01-02T03:04:05Z","modified_on":"2025-02-02T03:04:05.123456Z","has_assets":false,"has_modules":true,"handlers":["fetch"],"last_deployed_from":"api","compatibility_date":"2025-01-01","compatibility_flags":[],"logpush":false,"usage_model":"standard","tail_consumers":null}`
	page := []byte(`{"success":true,"errors":[],"messages":[],"result":[`)
	const scripts = pageLimit - 1 // a full page asks for another one
	for i := range scripts {
		if i > 0 {
			page = append(page, ',')
		}
		page = append(page, item...)
	}
	page = append(page, `],"result_info":{"cursor":""}}`...)
	c, err := New(Options{Options: cloudflare.Options{Transport: cannedAnswer(page)}})
	if err != nil {
		b.Fatal(err)
	}
	a := c.Account(testAccount)
	b.ReportAllocs()
	for b.Loop() {
		listed := 0
		err := a.eachScript(b.Context(), dispatchScripts(testAccount, "ns"), nil, func(s *script) {
			if _, revision := s.toSpec(); revision.Owner == "platform" {
				listed++
			}
		})
		if err != nil || listed != scripts {
			b.Fatal(listed, err)
		}
	}
}

func cannedAnswer(body []byte) cloudflaretest.Answering {
	return func(*http.Request) *http.Response {
		return &http.Response{
			StatusCode: http.StatusOK,
			Header:     http.Header{"Content-Type": {jsonType}},
			Body:       io.NopCloser(bytes.NewReader(body)),
		}
	}
}

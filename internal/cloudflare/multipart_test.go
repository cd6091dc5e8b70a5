package cloudflare

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An upload consists of exactly these bytes.
func TestUploadBytes(t *testing.T) {
	body := NewMultipart(MetadataPart, func() ([]byte, error) { return []byte(`{"main_module":"index.js"}`), nil })
	body.boundary = "boundary"
	for _, file := range []struct{ name, contentType, content string }{
		{"index.js", "application/javascript+module", "import './lib/a \"quoted\".js'\n"},
		{"lib/a \"quoted\".js", "application/javascript+module", "--boundary\r\nnot one\r\n"},
		{"main.wasm", "application/wasm", "\x00asm"},
		{"größe.txt", "text/plain", ""},
	} {
		body.Add(file.name, file.contentType, int64(len(file.content)), func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(file.content)), nil
		})
	}
	req, err := http.NewRequest("PUT", "http://localhost/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.attach(req); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(req.Body)
	if err != nil || int64(len(got)) != req.ContentLength {
		t.Errorf("%d bytes of %d: %v", len(got), req.ContentLength, err)
	}
	again, err := req.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := io.ReadAll(again)
	if err != nil || string(replayed) != string(got) {
		t.Errorf("replayed as %q, %v", replayed, err)
	}
	if contentType := req.Header.Get("Content-Type"); contentType != "multipart/form-data; boundary=boundary" {
		t.Error(contentType)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "upload.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

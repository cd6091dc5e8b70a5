package account

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/account/accounttest"
	"github.com/wfpsync/wfpsync/spec"
)

const twoModules = "--b\r\nContent-Disposition: form-data; name=\"lib/a.js\"; filename=\"lib/a.js\"\r\nContent-Type: application/javascript+module\r\n\r\n" +
	"export default 1\r\n--b\r\nContent-Disposition: form-data; name=\"index.js\"\r\nContent-Type: text/javascript+module; charset=utf-8\r\n\r\n" +
	"import a from './lib/a.js'\r\n--b--\r\n"

func form(entrypoint string) http.Header {
	h := http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}
	if entrypoint != "" {
		h.Set("cf-entrypoint", entrypoint)
	}
	return h
}

func TestDecodeContent(t *testing.T) {
	modules := []spec.Module{
		{Name: "lib/a.js", Type: spec.ESModule, Content: []byte("export default 1")},
		{Name: "index.js", Type: spec.ESModule, Content: []byte("import a from './lib/a.js'")},
	}
	built := func(main string, modules []spec.Module) *spec.Code {
		code := new(spec.Code)
		code.Complete(main, modules)
		return code
	}
	marked := func(main string) *spec.Mark { return &spec.Mark{Code: spec.ShortDigest(built(main, modules).Digest)} }
	raw := func(name string, kind spec.ModuleType) *spec.Code {
		return built(name, []spec.Module{{Name: name, Type: kind, Content: []byte("raw")}})
	}
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		mark   *spec.Mark
		want   *spec.Code
	}{
		"the header names the entrypoint":      {form("index.js"), twoModules, nil, built("index.js", modules)},
		"the mark tells it":                    {form(""), twoModules, marked("index.js"), built("index.js", modules)},
		"nothing tells it":                     {form(""), twoModules, nil, built("lib/a.js", modules)},
		"the mark is of other code":            {form(""), twoModules, &spec.Mark{Code: "0000000000000000"}, built("lib/a.js", modules)},
		"the header names what is not there":   {form("gone.js"), twoModules, marked("index.js"), built("index.js", modules)},
		"a bare script":                        {http.Header{"Content-Type": {"application/javascript"}}, "raw", nil, raw("worker.js", spec.CommonJS)},
		"a bare script with an entrypoint":     {http.Header{"Content-Type": {"text/javascript"}, "Cf-Entrypoint": {"sw.js"}}, "raw", nil, raw("sw.js", spec.CommonJS)},
		"a bare module":                        {http.Header{"Content-Type": {"application/javascript+module"}, "Cf-Entrypoint": {"i.mjs"}}, "raw", nil, raw("i.mjs", spec.ESModule)},
		"static assets only":                   {http.Header{}, "", nil, spec.NoCode()},
		"a form of nothing":                    {form(""), "--b--\r\n", nil, spec.NoCode()},
		"an unknown type is kept as it is":     {http.Header{"Content-Type": {"text/x-python"}}, "raw", nil, raw("worker.js", "text/x-python")},
		"a part without a type is binary data": {form(""), "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nraw\r\n--b--\r\n", nil, raw("x", spec.BinaryModule)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeContent(tt.header, []byte(tt.body), tt.mark)
			if err != nil {
				t.Fatal(err)
			}
			if (got == nil) != (tt.want == nil) || got != nil && got.Digest != tt.want.Digest {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestDecodeMalformedContent(t *testing.T) {
	for name, tt := range map[string]struct{ contentType, body string }{
		"no boundary":     {"multipart/form-data", "--b--"},
		"no form":         {"multipart/form-data; boundary=b", "export default {}"},
		"breaks off":      {"multipart/form-data; boundary=b", twoModules[:len(twoModules)-20]},
		"a nameless part": {"multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n"},
	} {
		if code, err := decodeContent(http.Header{"Content-Type": {tt.contentType}}, []byte(tt.body), nil); err == nil {
			t.Errorf("%s: decoded as %+v", name, code)
		}
	}
}

// Whatever a server returns, decoding ends with complete code or an error.
func FuzzDecodeContent(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", "index.js", []byte(twoModules))
	f.Add("multipart/form-data; boundary=b", "", []byte("--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n"))
	f.Add("application/javascript", "", []byte(accounttest.Source))
	f.Add("multipart/form-data", "x", []byte("--"))
	f.Fuzz(func(t *testing.T, contentType, entrypoint string, body []byte) {
		header := http.Header{"Content-Type": {contentType}, "Cf-Entrypoint": {entrypoint}}
		code, err := decodeContent(header, body, nil)
		if err != nil || code == nil {
			return
		}
		if len(code.Digest) != 64 || len(code.Modules) == 0 {
			t.Errorf("incomplete code %+v", code)
		}
		for _, m := range code.Modules {
			if m.Name == code.MainModule {
				return
			}
		}
		t.Errorf("the main module %q is not among %d modules", code.MainModule, len(code.Modules))
	})
}

// A download returns what was uploaded, byte for byte.
func TestContentRoundTrip(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "ns"}, nil)
	u := userWorker("ns", "u", func(s *spec.Script) {
		s.Code.Complete("src/index.js", []spec.Module{
			{Name: "src/index.js", Type: spec.ESModule, Content: []byte("export default { fetch() {} }\r\n\n--boundary--\r\n")},
			{Name: "a \"b\".txt", Type: spec.TextModule, Content: []byte("= quoted-printable=\r\n\tis not decoded =C3=A4")},
			{Name: "größe.bin", Type: spec.BinaryModule, Content: []byte(strings.Repeat("\x00\xff\r\n", 1000))},
		})
	})
	put(t, l.Account, u, nil)
	code, err := l.code(t.Context(), u.Address(), nil)
	if err != nil || code.Digest != u.Code.Digest {
		t.Errorf("got %+v, %v", code, err)
	}
}

package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// An upload is a script that is being uploaded: the metadata part, and the
// modules.
type upload struct {
	metadata fields
	code     code
}

// fields are the members of a metadata or settings object that are present.
type fields map[string]json.RawMessage

// code is a complete set of modules, with the one that is started.
type code struct {
	entryPoint string
	asModule   bool // an ES module rather than the older service-worker syntax
	modules    []module
	sourceMaps []module
	found      []string // the handlers, if it was started
}

// maxCompressed is the size after gzip from which a script is refused, for paid
// accounts.
const maxCompressed = 10 << 20

// uploadScript handles PUT: it creates or replaces a script. There is no
// create-only mode.
//
// The query excludeScript=true, which wrangler sends, asks to leave the code
// out of the response. Nothing needs to be done, because the response never has
// the code.
func (s *Server) uploadScript(c *call, sc scriptContainer) (reply, error) {
	up, err := readUpload(c)
	if err != nil {
		return reply{}, err
	}
	if err := s.start(c.r.Context(), &up.code, up.metadata.startSettings()); err != nil {
		return reply{}, err
	}
	script, err := s.writeScript(c, sc, s.uploading(c, sc, up))
	if err != nil {
		return reply{}, err
	}
	return ok(viewUpload(script))
}

// uploading returns the change that an upload makes.
func (s *Server) uploading(c *call, sc scriptContainer, up upload) change {
	strict := c.query().Get("bindings_inherit") == "strict"
	name := c.param("script")
	return func(tx *store.Tx, old *store.Script) (store.Script, error) {
		scripts, err := sc.scripts(c, tx)
		if err != nil {
			return store.Script{}, err
		}
		return s.assemble(tx, assembly{
			account: c.account, scripts: scripts, name: name, self: sc.owner(name), old: old, up: up, strict: strict,
		})
	}
}

// putContent handles PUT …/content: it replaces the code, and the settings
// stay.
func (s *Server) putContent(c *call, sc scriptContainer) (reply, error) {
	up, err := readUpload(c)
	if err == nil && len(up.code.modules) == 0 {
		err = errNoMainModule
	}
	if err != nil {
		return reply{}, err
	}
	var settings startSettings
	if err := s.readScript(c, sc, func(_ *store.Tx, script store.Script) error {
		settings = startSettings{script.CompatibilityDate, script.CompatibilityFlags, script.Bindings}
		return nil
	}); err != nil {
		return reply{}, err
	}
	if err := s.start(c.r.Context(), &up.code, settings); err != nil {
		return reply{}, err
	}
	script, err := s.editScript(c, sc, func(tx *store.Tx, script *store.Script) error {
		up.code.store(tx, script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewUpload(script))
}

// readUpload reads the body of an upload: a form with metadata and modules, or
// the bare text of a service worker.
func readUpload(c *call) (upload, error) {
	switch mediaType, params := c.contentType(); mediaType {
	case "multipart/form-data":
		if params["boundary"] == "" {
			return upload{}, errContentType
		}
		parts, err := readParts(c.r.Body, params["boundary"])
		if err != nil {
			return upload{}, err
		}
		return parseUpload(parts, c.r.Header)
	case "application/javascript", "text/javascript":
		raw, err := c.body()
		if err != nil {
			return upload{}, err
		}
		// The platform chooses the name, because such a body has none.
		return parseUpload([]part{
			{field: "metadata", data: []byte(`{"body_part":"script"}`)},
			{field: "script", file: "worker.js", contentType: mediaType, data: raw},
		}, nil)
	}
	return upload{}, errContentType
}

// parseUpload parses the parts of an upload. The header may name the entry
// point instead of the metadata, as PUT …/content allows.
func parseUpload(parts []part, header http.Header) (upload, error) {
	raw, rest, found := takeField(parts, "metadata")
	metadata := fields{}
	switch {
	case found:
		if err := json.Unmarshal(raw, &metadata); err != nil || metadata == nil {
			return upload{}, invalid("The metadata part is not a JSON object")
		}
	case header.Get("CF-WORKER-MAIN-MODULE-PART") == "" && header.Get("CF-WORKER-BODY-PART") == "":
		return upload{}, invalid("could not read content for part metadata") // Cloudflare's own words
	}
	var named struct {
		MainModule string `json:"main_module"`
		BodyPart   string `json:"body_part"`
	}
	if found {
		if err := json.Unmarshal(raw, &named); err != nil {
			return upload{}, invalid("The metadata part is malformed: %v", err)
		}
	}
	if named.MainModule == "" && named.BodyPart == "" {
		named.MainModule, named.BodyPart = header.Get("CF-WORKER-MAIN-MODULE-PART"), header.Get("CF-WORKER-BODY-PART")
	}
	if named.MainModule == "" && named.BodyPart == "" && len(rest) == 0 && (metadata["assets"] != nil || metadata["keep_assets"] != nil) {
		return upload{metadata: metadata}, nil // no code, only static files
	}
	code, err := newCode(named.MainModule, named.BodyPart, rest)
	return upload{metadata: metadata, code: code}, err
}

var errNoMainModule = invalid("The metadata names neither main_module nor body_part")

// newCode makes a set of modules from an upload's parts.
func newCode(mainModule, bodyPart string, parts []part) (code, error) {
	var made code
	switch {
	case mainModule != "" && bodyPart != "":
		return code{}, invalid("The metadata names both main_module and body_part")
	case mainModule == "" && bodyPart == "":
		return code{}, errNoMainModule
	}
	seen := map[string]bool{}
	for _, p := range parts {
		mediaType, _, _ := mime.ParseMediaType(p.contentType)
		if mediaType == "application/source-map" {
			// wrangler sends one with each script. It is not a module, and only
			// used in stack traces.
			made.sourceMaps = append(made.sourceMaps, newModule(p))
			continue
		}
		m := newModule(p)
		switch {
		case m.Name == "":
			return code{}, invalid("A part of the upload has no name")
		case seen[m.Name]:
			return code{}, invalid("There are two modules named %q", m.Name)
		case m.Size == 0:
			return code{}, invalid("The module %q is empty", m.Name)
		}
		seen[m.Name] = true
		made.modules = append(made.modules, m)
	}
	made.asModule = mainModule != ""
	entry := slices.IndexFunc(made.modules, func(m module) bool {
		if made.asModule {
			return m.Name == mainModule
		}
		return m.field == bodyPart || m.Name == bodyPart // body_part means the form field
	})
	if entry < 0 {
		return code{}, invalid("No such module \"%s%s\".", mainModule, bodyPart)
	}
	made.entryPoint = made.modules[entry].Name
	return made, made.checkSize()
}

// checkSize compresses only code that could be too large.
func (k code) checkSize() error {
	var total int64
	for _, m := range k.modules {
		total += m.Size
	}
	if total <= maxCompressed {
		return nil
	}
	var counter byteCounter
	compressor, err := gzip.NewWriterLevel(&counter, gzip.BestSpeed)
	if err != nil {
		return err
	}
	for _, m := range k.modules {
		if _, err := io.Copy(compressor, bytes.NewReader(m.blob.Data)); err != nil {
			return err
		}
	}
	if err := compressor.Close(); err != nil {
		return err
	}
	if counter > maxCompressed {
		return fail(http.StatusBadRequest, workersScriptTooLarge,
			"Script is too large: it is %d bytes after gzip, the limit is %d", counter, maxCompressed)
	}
	return nil
}

type byteCounter int64

func (n *byteCounter) Write(p []byte) (int, error) {
	*n += byteCounter(len(p))
	return len(p), nil
}

// store makes k the code of a script.
func (k code) store(tx *store.Tx, script *store.Script) {
	script.EntryPoint, script.HasModules = k.entryPoint, k.asModule
	script.Modules, script.SourceMaps = storeModules(tx, k.modules), storeModules(tx, k.sourceMaps)
	script.ETag = k.etag()
	script.Handlers = k.handlers()
}

func storeModules(tx *store.Tx, modules []module) []store.Module {
	var stored []store.Module
	for _, m := range modules {
		tx.PutBlob(m.blob)
		stored = append(stored, m.Module)
	}
	return stored
}

// etag identifies the code alone: the same modules always have the same etag,
// in any script and with any settings.
func (k code) etag() string {
	lines := make([]string, 0, len(k.modules))
	for _, m := range k.modules {
		lines = append(lines, fmt.Sprintf("%q %q %s\n", m.Name, m.Type, m.Hash))
	}
	slices.Sort(lines)
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %t\n%s", k.entryPoint, k.asModule, strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// handlers returns the handlers that were found when the code was started, or
// by reading the module that would be started.
func (k code) handlers() []string {
	if k.found != nil {
		return k.found
	}
	for _, m := range k.modules {
		if m.Name == k.entryPoint {
			return findHandlers(m.blob.Data)
		}
	}
	return nil
}

// invalid returns the failure of a script that does not pass validation.
func invalid(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, workersValidationFailed, format, args...)
}

package spec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// ModuleType is the MIME type that a module is uploaded as.
type ModuleType string

// These are the module types of the upload API.
const (
	ESModule     ModuleType = "application/javascript+module"
	CommonJS     ModuleType = "application/javascript"
	WebAssembly  ModuleType = "application/wasm"
	TextModule   ModuleType = "text/plain"
	BinaryModule ModuleType = "application/octet-stream"
)

// Module is one file of a Worker's code as the platform stores it.
type Module struct {
	Name    string     `json:"name"`
	Type    ModuleType `json:"type"`
	Content []byte     `json:"content"`
}

// Code is what a Worker runs. All Workers with the same entrypoint share one
// *Code, so it is built, hashed and stored once.
//
// A desired Code starts as its source, Entrypoint or Inline; internal/bundle
// completes it. Of a live one, only the digest may be known.
type Code struct {
	// Entrypoint is the file that the code is bundled from, slash-separated and
	// relative to the project root; "" for inline code.
	Entrypoint string

	// Inline is code given in the stack file itself.
	Inline string

	// Options say how the source is built.
	Options CodeOptions

	// At is where the stack file names the source. Body is where the first line
	// of an inline source begins, if lines of the source are lines of the file;
	// otherwise it is zero.
	At   diag.Range
	Body diag.Range

	// MainModule is the name of the module with the handlers, Modules are the
	// built modules sorted by name, and Digest is the hex SHA-256 over both.
	MainModule string
	Modules    []Module
	Digest     string
}

// NoCode returns the code of a Worker that only serves its assets.
func NoCode() *Code { return &Code{Digest: noCode} }

var noCode = digestModules("", nil)

// IsNone reports whether the Worker is known to have no code.
func (c *Code) IsNone() bool { return c != nil && ShortDigest(c.Digest) == ShortDigest(noCode) }

// KeptCode returns the code of a Worker whose template does not manage code.
func KeptCode() *Code { return &Code{Digest: keptCode} }

var keptCode = digestModules("wfpsync kept code", nil)

// IsKept reports whether the code is whatever the account has.
func (c *Code) IsKept() bool { return c != nil && ShortDigest(c.Digest) == ShortDigest(keptCode) }

// IsUploaded reports whether writing a Worker uploads the code.
func (c *Code) IsUploaded() bool { return c != nil && !c.IsNone() && !c.IsKept() }

// Complete sets the built modules and their digest.
func (c *Code) Complete(mainModule string, modules []Module) {
	c.MainModule = mainModule
	c.Modules = slices.SortedFunc(slices.Values(modules), func(a, b Module) int { return cmp.Compare(a.Name, b.Name) })
	c.Digest = digestModules(mainModule, c.Modules)
}

// Size returns the total size of the modules in bytes.
func (c *Code) Size() int {
	n := 0
	for _, m := range c.Modules {
		n += len(m.Content)
	}
	return n
}

// digestModules hashes names, types and contents. Each is preceded by its
// length, so that different lists of modules never give the same bytes.
func digestModules(mainModule string, modules []Module) string {
	h := sha256.New()
	write := func(part []byte) {
		fmt.Fprintf(h, "%d:", len(part))
		h.Write(part)
	}
	io.WriteString(h, "wfpsync code 1\n")
	write([]byte(mainModule))
	for _, m := range modules {
		write([]byte(m.Name))
		write([]byte(m.Type))
		write(m.Content)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// MarshalJSON writes the digest only: a resource refers to its code, and the
// encoder of the resource keeps the code separately, once.
func (c *Code) MarshalJSON() ([]byte, error) { return json.Marshal(c.Digest) }

// UnmarshalJSON reads the digest.
func (c *Code) UnmarshalJSON(data []byte) error {
	*c = Code{}
	return json.Unmarshal(data, &c.Digest)
}

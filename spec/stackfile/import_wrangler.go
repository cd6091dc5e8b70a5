package stackfile

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/layer"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// ImportWrangler writes the stack file of one Worker from its configuration by
// wrangler: what `from_wrangler` takes over, written out. Secrets that the
// configuration requires stay what they are in the account. The stack is named
// after the Worker unless it has a name.
func ImportWrangler(root fs.FS, file, environment, stack string) (*Imported, diag.List) {
	file = path.Clean(file)
	var head, entry, section members
	from := spec.Object{"path": "./" + file}
	if environment != "" {
		from["environment"] = environment
	}
	name, account := "worker", (*document.Value)(nil)
	if config := peekWrangler(root, file, environment); config != nil { // else the loader says what is wrong
		name = cmp.Or(config.Worker.Get("name").String(), name)
		secrets := spec.Object{}
		for _, secret := range config.RequiredSecrets {
			secrets[secret.Text] = spec.Object{"keep": true}
		}
		if len(secrets) > 0 {
			entry.set("secrets", secrets)
		}
		account = config.AccountID
	}
	head.set("version", 1.0)
	head.set("name", cmp.Or(stack, name))
	if account != nil {
		head.set("account_id", account.Text)
	}
	entry.set(fromWranglerKey, from)
	section.put(name, entry.value())
	head.put("workers", section.value())
	var text, rendered bytes.Buffer
	if err := document.Write(&text, head.value()); err != nil {
		return nil, diag.List{layer.Unreadable(file, err, "")}
	}
	const stackFile = "wfpsync.yaml"
	list, err := Render(&rendered, overlaid{root, stackFile, text.Bytes()}, stackFile, Options{})
	if err != nil {
		return nil, diag.List{layer.Unreadable(file, err, "")}
	}
	if list.HasErrors() {
		return nil, list
	}
	im := importer{source: file}
	return &Imported{Document: append(im.header(), rendered.Bytes()...)}, list
}

// peekWrangler reads a configuration; nil when there is something wrong with it.
func peekWrangler(root fs.FS, file, environment string) *wrangler.Config {
	if !fs.ValidPath(file) {
		return nil
	}
	info, err := fs.Stat(root, file) // a pipe is not opened, see [loader.readWrangler]
	if err != nil || !info.Mode().IsRegular() || info.Size() > wrangler.MaxSize {
		return nil
	}
	content, err := fs.ReadFile(root, file)
	if err != nil {
		return nil
	}
	value, list := wrangler.Parse(file, content)
	if value == nil || list.HasErrors() {
		return nil
	}
	return wrangler.Read(value, environment, path.Dir(file))
}

// overlaid is a project with one file more.
type overlaid struct {
	fs.FS
	name    string
	content []byte
}

// ReadFile implements [fs.ReadFileFS].
func (o overlaid) ReadFile(name string) ([]byte, error) {
	if name == o.name {
		return o.content, nil
	}
	return fs.ReadFile(o.FS, name)
}

package runtime

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed host
var host embed.FS

// configTemplate is the template of a process's configuration.
var configTemplate = template.Must(template.New("config.capnp").Funcs(template.FuncMap{"text": capnpText}).ParseFS(host, "host/config.capnp"))

// A config is the data for the template.
type config struct {
	WorkerModules []string // modules for the isolate of every Worker, by name

	Account    string // socket on which we serve the host
	Objects    string // folder of the Durable Objects
	Follows    bool   // another process may still have objects; the host is told when none has
	Dispatcher *dispatcherConfig
}

// A dispatcherConfig is the dispatcher in workerd's configuration. Values and
// props are in JSON.
type dispatcherConfig struct {
	ID      string // the host's id of the Worker, as props
	Main    string
	Modules []configuredModule
	Date    string
	Flags   []string
	Values  []configuredValue
	Stubs   []configuredStub
	Tail    bool
}

type configuredModule struct {
	Name, Kind string
	File       string // beside the configuration
}

type configuredValue struct{ Name, JSON string }

type configuredStub struct{ Name, Entrypoint, JSON string }

// configure writes the configuration of a process.
func (f files) configure(role role) (path string, err error) {
	filled := config{WorkerModules: f.workerModules, Account: f.accountSocket(), Objects: f.objects, Follows: role.follows}
	if role.dispatcher != nil {
		if filled.Dispatcher, err = f.configureDispatcher(role.generation, *role.dispatcher); err != nil {
			return "", err
		}
	}
	var text bytes.Buffer
	if err := configTemplate.Execute(&text, filled); err != nil {
		return "", err
	}
	path = filepath.Join(f.dir, fmt.Sprintf("config-%d.capnp", role.generation))
	return path, os.WriteFile(path, text.Bytes(), 0o600)
}

// moduleFields are the configuration's names for the loader's kinds of modules.
// Source:
// https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
var moduleFields = map[string]string{"js": "esModule", "cjs": "commonJsModule", "wasm": "wasm", "text": "text", "data": "data"}

// configureDispatcher writes the modules of a dispatcher beside its
// configuration.
func (f files) configureDispatcher(generation int, d dispatcher) (*dispatcherConfig, error) {
	id, err := json.Marshal(map[string]any{"worker": workerID{name: d.Worker}.key()})
	if err != nil {
		return nil, err
	}
	tells := d.Heard && !d.failsElsewhere()
	made := &dispatcherConfig{ID: string(id), Main: dispatcherModule(d.Main, tells), Date: d.Date, Flags: d.Flags, Tail: d.Heard && !tells}
	if tells && d.HooksFlag != "" {
		made.Flags = append(slices.Clone(made.Flags), d.HooksFlag)
	}
	for i, name := range slices.Sorted(maps.Keys(d.Modules)) {
		for kind, content := range d.Modules[name] {
			raw, isBytes := content.([]byte)
			if !isBytes {
				raw = []byte(content.(string)) // see newCode
			}
			file := fmt.Sprintf("module-%d-%d", generation, i)
			if err := os.WriteFile(filepath.Join(f.dir, file), raw, 0o600); err != nil {
				return nil, err
			}
			made.Modules = append(made.Modules, configuredModule{name, moduleFields[kind], file})
		}
	}
	values := map[string]any{
		"__wfpsync":            d.Wrap,
		"__wfpsync_dispatcher": map[string]any{"worker": d.Worker, "revision": d.Revision},
	}
	maps.Copy(values, d.Env)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		raw, err := json.Marshal(values[name])
		if err != nil {
			return nil, err
		}
		made.Values = append(made.Values, configuredValue{name, string(raw)})
	}
	for _, g := range d.Stubs {
		raw, err := json.Marshal(g.Props)
		if err != nil {
			return nil, err
		}
		made.Stubs = append(made.Stubs, configuredStub{g.Name, g.Entrypoint, string(raw)})
	}
	return made, nil
}

// dispatcherModule returns the main module: it imports our modules first, and
// then the dispatcher's, unchanged. logs is for a dispatcher without a tail.
func dispatcherModule(main string, tells bool) string {
	user, _ := json.Marshal("../" + main) // a string is always JSON
	imported, told := "", ""
	if tells {
		imported, told = `import { telling } from "./tell.js";`+"\n", ", telling"
	}
	return fmt.Sprintf("import %q;\nimport { dispatcher } from %q;\n%simport * as user from %s;\nexport * from %[4]s;\nexport default dispatcher(user.default%[5]s);\n",
		"./boot.js", "./dispatcher.js", imported, user, told)
}

// unconfigure removes the files of a process, because they hold secrets and are
// not read again.
func (f files) unconfigure(generation int) {
	written, _ := filepath.Glob(filepath.Join(escapeGlob(f.dir), fmt.Sprintf("module-%d-*", generation))) // the pattern is well-formed
	for _, file := range append(written, filepath.Join(f.dir, fmt.Sprintf("config-%d.capnp", generation))) {
		_ = os.Remove(file) // the folder is removed with the runtime
	}
}

// capnpText quotes text as Cap'n Proto does.
func capnpText(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			quoted.WriteByte('\\')
			quoted.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&quoted, `\x%02x`, c)
		default:
			quoted.WriteByte(c)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

const (
	maxVariables     = 128     // variables and secrets of one script, paid accounts
	maxVariableBytes = 5 << 10 // each
)

// resolveBindings works out the bindings a script has after an upload or a change of its settings:
//
//   - those that are named,
//   - with {"type": "inherit"} replaced by the previous binding it stands for, secret value and all,
//   - and the previous ones of a type in keep_bindings whose names are not taken.
//
// An inherit binding without a predecessor is an error under strict; otherwise it is dropped without a word, which is
// why a careful client always sends strict.
func resolveBindings(present fields, previous []store.Binding, strict bool) ([]store.Binding, error) {
	uploaded, err := decodeBindings(present["bindings"])
	if err != nil {
		return nil, err
	}
	var keep []string
	if raw := present["keep_bindings"]; raw != nil {
		if err := json.Unmarshal(raw, &keep); err != nil {
			return nil, named(err, "keep_bindings")
		}
	}

	var resolved []store.Binding
	taken := map[string]bool{}
	var unresolved []problem
	for _, binding := range uploaded {
		if taken[binding.Name] {
			return nil, nameTaken(binding.Name)
		}
		taken[binding.Name] = true
		if binding.Type == "inherit" {
			inherited, why := inherit(binding, previous)
			if why != "" {
				unresolved = append(unresolved, problem{
					Code: workersInheritUnresolved, Message: "inherit binding '" + binding.Name + "' is invalid: " + why,
				})
				continue
			}
			binding = inherited
		}
		resolved = append(resolved, binding)
	}
	if strict && len(unresolved) > 0 {
		return nil, &failure{status: http.StatusBadRequest, problems: unresolved} // all of them: wrangler lists the names
	}
	for _, binding := range previous {
		if slices.Contains(keep, binding.Type) && !taken[binding.Name] {
			resolved = append(resolved, binding)
		}
	}
	return resolved, checkVariables(resolved)
}

func decodeBindings(raw json.RawMessage) ([]store.Binding, error) {
	if raw == nil {
		return nil, nil
	}
	var bindings []store.Binding
	if err := json.Unmarshal(raw, &bindings); err != nil {
		return nil, named(err, "bindings")
	}
	for _, binding := range bindings {
		if err := checkBinding(binding); err != nil {
			return nil, err
		}
	}
	return bindings, nil
}

// inherit returns the previous binding that an inherit binding stands for, or why there is none.
func inherit(binding store.Binding, previous []store.Binding) (inherited store.Binding, why string) {
	if version := binding.Text("version_id"); version != "" && version != "latest" {
		return store.Binding{}, "'version_id' value '" + version + "' is invalid, only the literal 'latest' is supported by this API"
	}
	source := binding.Text("old_name")
	if source == "" {
		source = binding.Name
	}
	for _, candidate := range previous {
		if candidate.Name == source {
			candidate.Name = binding.Name
			return candidate, ""
		}
	}
	return store.Binding{}, "previous version does not have binding named '" + source + "'"
}

// checkVariables enforces the limits on variables and secrets, which count kept and inherited ones too.
func checkVariables(bindings []store.Binding) error {
	count := 0
	for _, binding := range bindings {
		size, isVariable := variableSize(binding)
		if !isVariable {
			continue
		}
		if size > maxVariableBytes {
			return fail(http.StatusBadRequest, workersBindingTextTooLarge,
				"The value of the binding '%s' is larger than 5 KB", binding.Name)
		}
		count++
	}
	if count > maxVariables {
		return fail(http.StatusBadRequest, workersTooManyVariables,
			"A script may have %d variables and secrets, not %d", maxVariables, count)
	}
	return nil
}

func variableSize(binding store.Binding) (size int, isVariable bool) {
	switch binding.Type {
	case "plain_text", "secret_text":
		return len(binding.Text("text")), true
	case "json":
		return len(binding.Fields["json"]), true
	case "secret_key":
		return len(binding.Text("key_base64")) + len(binding.Fields["key_jwk"]), true
	}
	return 0, false
}

// checkTargets looks for what bindings point to. Only kinds of resources that live in the local account can be
// missing; an index or a certificate is taken on trust. classes are the Durable Object classes of the script itself.
func checkTargets(tx *store.Tx, account, self string, classes []string, bindings []store.Binding) error {
	for _, binding := range bindings {
		switch binding.Type {
		case "kv_namespace":
			id := binding.Text("namespace_id")
			if !isID(id) {
				return fail(http.StatusBadRequest, workersKVInvalid,
					"KV namespace '%s' of the binding '%s' is not valid", id, binding.Name)
			}
			if _, found := tx.KVNamespace(account, id); !found {
				return fail(http.StatusBadRequest, workersKVNotFound,
					"KV namespace '%s' of the binding '%s' not found", id, binding.Name)
			}
		case "d1":
			id := usual(binding.Text("id"), binding.Text("database_id"))
			if _, found := tx.D1Database(account, id); !found {
				return fail(http.StatusBadRequest, workersD1NotFound,
					"D1 database '%s' of the binding '%s' not found", id, binding.Name)
			}
		case "r2_bucket":
			name, jurisdiction := binding.Text("bucket_name"), usual(binding.Text("jurisdiction"), r2Anywhere)
			if _, found := tx.R2Bucket(account, jurisdiction, name); !found {
				return fail(http.StatusBadRequest, workersR2NotFound,
					"R2 bucket '%s' of the binding '%s' not found", name, binding.Name)
			}
		case "queue":
			name := binding.Text("queue_name")
			if _, found := tx.QueueByName(account, name); !found {
				return fail(http.StatusBadRequest, workersQueueNotFound,
					"Queue '%s' of the binding '%s' does not exist", name, binding.Name)
			}
		case "service":
			if err := checkService(tx, account, self, "service binding", binding.Name, binding.Text("service")); err != nil {
				return err
			}
		case "durable_object_namespace", "workflow":
			// A class of another script is taken on trust, and so is a Workflow's: nothing here looks into code.
			script, class := binding.Text("script_name"), binding.Text("class_name")
			own := script == "" || script == self
			if binding.Type == "durable_object_namespace" && own && class != "" && !slices.Contains(classes, class) {
				// The real one's words: github.com/cloudflare/workers-sdk/issues/10246.
				return fail(http.StatusBadRequest, workersClassMissing,
					"Cannot create binding for class '%s' because it is not currently configured to implement Durable Objects. Ensure a --new-class migration has been applied to it.", class)
			}
			if script == "" || binding.Text("dispatch_namespace") != "" {
				continue
			}
			if err := checkService(tx, account, self, "class binding", binding.Name, script); err != nil {
				if binding.Type == "durable_object_namespace" {
					return fail(http.StatusBadRequest, workersClassMissing,
						"Script '%s' of the Durable Object binding '%s' not found", script, binding.Name)
				}
				return err
			}
		case "dispatch_namespace":
			if _, err := findNamespace(tx, account, binding.Text("namespace"), http.StatusBadRequest); err != nil {
				return err
			}
			outbound, err := decodeOutbound(binding)
			if err != nil {
				return err
			}
			if service := outbound.Worker.Service; service != "" {
				if err := checkService(tx, account, self, "outbound Worker of binding", binding.Name, service); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkService wants an account Worker to exist. Service bindings of user Workers lead to account Workers as well: a
// user Worker cannot name its neighbours. A Worker may bind to itself, even when it is only just being created.
func checkService(tx *store.Tx, account, self, kind, binding, service string) error {
	if service == self || tx.Workers(account).Has(service) {
		return nil
	}
	return noSuchService(kind, binding, service)
}

// nameTaken is the answer to two bindings of one name, and to a secret that would hide a variable.
func nameTaken(name string) error {
	return fail(http.StatusBadRequest, workersBindingNameTaken,
		"Binding name '%s' already in use. Please use a different name and try again.", name)
}

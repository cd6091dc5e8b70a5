package api

import (
	"net/http"
	"slices"
	"sort"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// secretView is all that is ever shown of a secret.
type secretView struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func viewSecrets(script store.Script) []secretView {
	views := []secretView{}
	for _, binding := range script.Bindings {
		if store.BindingTypeOf(binding.Type).Secret {
			views = append(views, secretView{Name: binding.Name, Type: binding.Type})
		}
	}
	sort.Slice(views, func(i, j int) bool { return views[i].Name < views[j].Name })
	return views
}

func (s *Server) listSecrets(c *call, sc scriptContainer) (reply, error) {
	var views []secretView
	err := s.readScript(c, sc, func(_ *store.Tx, script store.Script) error {
		views = viewSecrets(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}

func (s *Server) getSecret(c *call, sc scriptContainer) (reply, error) {
	var view secretView
	err := s.readScript(c, sc, func(_ *store.Tx, script store.Script) error {
		i := indexSecret(script.Bindings, c.param("secret"))
		if i < 0 {
			return noSuchSecret(c.param("secret"))
		}
		view = secretView{Name: script.Bindings[i].Name, Type: script.Bindings[i].Type}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) putSecret(c *call, sc scriptContainer) (reply, error) {
	var secret store.Binding
	if err := c.json(&secret, errMalformedJSON); err != nil {
		return reply{}, err
	}
	if secret.Type == "" {
		secret.Type = store.SecretText
	}
	_, err := s.editScript(c, sc, func(_ *store.Tx, script *store.Script) error {
		return setSecret(script, secret)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(secretView{Name: secret.Name, Type: secret.Type})
}

func (s *Server) deleteSecret(c *call, sc scriptContainer) (reply, error) {
	_, err := s.editScript(c, sc, func(_ *store.Tx, script *store.Script) error {
		i := indexSecret(script.Bindings, c.param("secret"))
		if i < 0 {
			return noSuchSecret(c.param("secret"))
		}
		script.Bindings = slices.Delete(slices.Clone(script.Bindings), i, i+1)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

// patchSecrets applies a merge patch to all secrets: named ones are set, null
// ones removed, and the others stay. It is one write and makes one version,
// while a call per secret would make one each.
func (s *Server) patchSecrets(c *call, sc scriptContainer) (reply, error) {
	var patch struct {
		Secrets map[string]*store.Binding `json:"secrets"`
	}
	if err := c.json(&patch, errMalformedJSON); err != nil {
		return reply{}, err
	}
	if patch.Secrets == nil {
		return reply{}, fail(http.StatusBadRequest, workersUnparsableBody, "The body has no object \"secrets\"")
	}
	names := make([]string, 0, len(patch.Secrets))
	for name := range patch.Secrets {
		names = append(names, name)
	}
	sort.Strings(names)
	script, err := s.editScript(c, sc, func(_ *store.Tx, script *store.Script) error {
		for _, name := range names {
			if patch.Secrets[name] == nil {
				if i := indexSecret(script.Bindings, name); i >= 0 {
					script.Bindings = slices.Delete(slices.Clone(script.Bindings), i, i+1)
				}
				continue
			}
			secret := *patch.Secrets[name]
			secret.Name = name
			if secret.Type == "" {
				secret.Type = store.SecretText
			}
			if err := setSecret(script, secret); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	views := map[string]secretView{}
	for _, view := range viewSecrets(script) {
		views[view.Name] = view
	}
	return ok(views)
}

func setSecret(script *store.Script, secret store.Binding) error {
	if secret.Name != "" && !store.BindingTypeOf(secret.Type).Secret {
		return invalid("'%s' is not a type of secret", secret.Type)
	}
	if err := checkBinding(secret); err != nil {
		return err
	}
	bindings := slices.Clone(script.Bindings)
	switch i := slices.IndexFunc(bindings, func(b store.Binding) bool { return b.Name == secret.Name }); {
	case i < 0:
		bindings = append(bindings, secret)
	case !store.BindingTypeOf(bindings[i].Type).Secret:
		return nameTaken(secret.Name)
	default:
		bindings[i] = secret
	}
	script.Bindings = bindings
	return checkVariables(bindings)
}

func indexSecret(bindings []store.Binding, name string) int {
	return slices.IndexFunc(bindings, func(b store.Binding) bool { return b.Name == name && store.BindingTypeOf(b.Type).Secret })
}

func noSuchSecret(name string) error {
	return fail(http.StatusNotFound, workersBindingNotFound, "The secret '%s' does not exist on this Worker", name)
}

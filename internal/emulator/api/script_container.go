package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A scriptContainer contains scripts: the account itself or a dispatch
// namespace. Handlers for both are written against it.
type scriptContainer interface {
	// scripts returns the scripts of the container in a call's path.
	scripts(c *call, tx *store.Tx) (*store.Scripts, error)
	// checkName checks the name of a script that is about to be created.
	checkName(name string) error
	// deployed is called after a script's code or settings have changed.
	deployed(tx *store.Tx, account string, script store.Script)
	// owner returns the name of a script that is an account Worker, and "" for
	// a user Worker.
	owner(script string) string
}

// sharedScriptRoutes returns the operations that both containers have. base is
// the path of one script.
func (s *Server) sharedScriptRoutes(base string, sc scriptContainer) []route {
	at := func(h func(*call, scriptContainer) (reply, error)) handler {
		return func(c *call) (reply, error) { return h(c, sc) }
	}
	return []route{
		{"PUT", base, at(s.uploadScript)},
		{"POST", base + "/assets-upload-session", at(s.createAssetSession)},
		{"PUT", base + "/content", at(s.putContent)},
		{"GET", base + "/settings", at(s.getSettings)},
		{"PATCH", base + "/settings", at(s.patchSettings)},
		{"GET", base + "/secrets", at(s.listSecrets)},
		{"PUT", base + "/secrets", at(s.putSecret)},
		{"GET", base + "/secrets/{secret}", at(s.getSecret)},
		{"DELETE", base + "/secrets/{secret}", at(s.deleteSecret)},
		{"PATCH", base + "/secrets-bulk", at(s.patchSecrets)},
	}
}

// readScript calls fn with the script in the path.
func (s *Server) readScript(c *call, sc scriptContainer, fn func(tx *store.Tx, script store.Script) error) error {
	return c.view(func(tx *store.Tx) error {
		scripts, err := sc.scripts(c, tx)
		if err != nil {
			return err
		}
		script, found := scripts.Get(c.param("script"))
		if !found {
			return errScriptNotFound
		}
		return fn(tx, script)
	})
}

// A change returns the next state of a script. It must not modify the old one,
// which is nil if there is none.
type change func(tx *store.Tx, old *store.Script) (store.Script, error)

// writeScript deploys a change of the script in the path. The change may create
// it.
func (s *Server) writeScript(c *call, sc scriptContainer, next change) (store.Script, error) {
	return s.writeAt(c, sc, deployedFrom(c.r), next)
}

// editScript deploys a change of a script that must exist.
func (s *Server) editScript(c *call, sc scriptContainer, edit edit) (store.Script, error) {
	return s.writeAt(c, sc, deployedFrom(c.r), edit.change)
}

// adjustScript changes what belongs to the script as a whole, such as its tags
// or its schedules. It sets modified_on, but is not a deployment and makes no
// version.
func (s *Server) adjustScript(c *call, sc scriptContainer, edit edit) (store.Script, error) {
	return s.writeAt(c, sc, "", edit.change)
}

// An edit changes an existing script. It may replace its slices and maps, but
// must not modify them.
type edit func(tx *store.Tx, script *store.Script) error

func (e edit) change(tx *store.Tx, old *store.Script) (store.Script, error) {
	if old == nil {
		return store.Script{}, errScriptNotFound
	}
	script := *old
	err := e(tx, &script)
	return script, err
}

func (s *Server) writeAt(c *call, sc scriptContainer, from string, next change) (store.Script, error) {
	var written store.Script
	err := c.update(func(tx *store.Tx) error {
		scripts, err := sc.scripts(c, tx)
		if err != nil {
			return err
		}
		written, err = s.write(tx, target{container: sc, account: c.account, scripts: scripts, name: c.param("script"), from: from}, next)
		return err
	})
	return written, err
}

// A target is a script that is about to be written.
type target struct {
	container scriptContainer
	account   string
	scripts   *store.Scripts
	name      string
	from      string // last_deployed_from; empty if this is not a deployment
}

func (s *Server) write(tx *store.Tx, t target, next change) (store.Script, error) {
	var old *store.Script
	if found, exists := t.scripts.Get(t.name); exists {
		old = &found
	} else if err := t.container.checkName(t.name); err != nil {
		return store.Script{}, err
	}
	written, err := next(tx, old)
	if err != nil {
		return store.Script{}, err
	}
	s.stamp(&written, old, t.name)
	if t.from != "" {
		written.LastDeployedFrom, written.DeploymentID = t.from, newUUID()
	}
	t.scripts.Put(written)
	if t.from != "" {
		t.container.deployed(tx, t.account, written)
	}
	return written, nil
}

// stamp sets what the platform decides about a script that is being written.
func (s *Server) stamp(script, old *store.Script, name string) {
	script.Name = name
	if old == nil {
		script.Tag = newID()
		script.CreatedOn = s.now()
		script.ModifiedOn = script.CreatedOn
		return
	}
	script.Tag, script.CreatedOn = old.Tag, old.CreatedOn
	script.ModifiedOn = s.later(old.ModifiedOn)
}

// later returns the current time, but always after a previous one: no two
// writes have the same modified_on, even if the clock stands still.
func (s *Server) later(previous time.Time) time.Time {
	now := s.now()
	if !now.After(previous) {
		return previous.Add(time.Microsecond)
	}
	return now
}

// deployedFrom guesses what the caller is, as the platform does.
func deployedFrom(r *http.Request) string {
	if strings.HasPrefix(r.UserAgent(), "wrangler/") {
		return "wrangler"
	}
	return "api"
}

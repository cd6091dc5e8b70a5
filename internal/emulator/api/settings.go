package api

import (
	"encoding/json"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// settingsView is what GET …/settings shows: everything about a script but its code, its etag and its entry point.
type settingsView struct {
	Bindings           []map[string]any `json:"bindings"`
	CompatibilityDate  string           `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string         `json:"compatibility_flags"`
	Tags               []string         `json:"tags"` // null when there never were any
	UsageModel         string           `json:"usage_model"`
	Logpush            bool             `json:"logpush"`
	TailConsumers      json.RawMessage  `json:"tail_consumers"`
	Placement          json.RawMessage  `json:"placement"` // an empty object when unset
	Limits             json.RawMessage  `json:"limits,omitempty"`
	Observability      json.RawMessage  `json:"observability,omitempty"`
	CacheOptions       json.RawMessage  `json:"cache_options,omitempty"`
}

func viewSettings(script store.Script) settingsView {
	view := settingsView{
		Bindings:          ViewBindings(script),
		CompatibilityDate: script.CompatibilityDate, CompatibilityFlags: orEmpty(script.CompatibilityFlags),
		Tags: script.Tags, UsageModel: script.UsageModel, Logpush: script.Logpush,
		TailConsumers: orNull(script.TailConsumers), Placement: viewPlacement(script.Placement),
		Limits: script.Limits, Observability: script.Observability, CacheOptions: script.CacheOptions,
	}
	return view
}

// viewPlacement is a script's placement as the settings show it: how far the analysis for smart placement got is among
// it, though nobody sent that. Without requests it never gets anywhere.
func viewPlacement(placement json.RawMessage) json.RawMessage {
	var fields map[string]any
	if placement == nil || json.Unmarshal(placement, &fields) != nil || fields == nil {
		return json.RawMessage("{}")
	}
	if fields["mode"] == "smart" {
		fields["status"] = "INSUFFICIENT_INVOCATIONS"
	}
	view, err := json.Marshal(fields)
	if err != nil {
		return placement // it was JSON a moment ago
	}
	return view
}

func (s *Server) getSettings(c *call, p place) (reply, error) {
	var view settingsView
	err := s.readScript(c, p, func(_ *store.Tx, script store.Script) error {
		view = viewSettings(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// patchSettings changes what its one part, "settings", mentions and leaves the rest. A list of bindings in it replaces
// the old one, as in an upload: secrets that should stay are inherited or kept.
func (s *Server) patchSettings(c *call, p place) (reply, error) {
	mediaType, params := c.contentType()
	if mediaType != "multipart/form-data" || params["boundary"] == "" {
		return reply{}, errContentType
	}
	parts, err := readParts(c.r.Body, params["boundary"])
	if err != nil {
		return reply{}, err
	}
	raw, _, found := takeField(parts, "settings")
	if !found {
		return reply{}, invalid("could not read content for part settings")
	}
	var present fields
	if err := json.Unmarshal(raw, &present); err != nil || present == nil {
		return reply{}, invalid("The settings part is not a JSON object")
	}
	strict := c.query().Get("bindings_inherit") == "strict"
	script, err := s.editScript(c, p, func(tx *store.Tx, script *store.Script) error {
		return s.changeSettings(tx, c.account, p.owner(c.param("script")), script, present, strict)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewSettings(script))
}

func (s *Server) changeSettings(tx *store.Tx, account, self string, script *store.Script, present fields, strict bool) error {
	if err := s.apply(tx, account, self, script, present); err != nil {
		return err
	}
	if present["bindings"] == nil {
		return nil
	}
	bindings, err := resolveBindings(present, script.Bindings, strict)
	if err != nil {
		return err
	}
	script.Bindings = bindings
	if err := checkAssetsBinding(script); err != nil {
		return err
	}
	return checkTargets(binder{tx, account, self, script.OwnClasses()}, bindings)
}

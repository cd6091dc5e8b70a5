package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// settingsView is what GET …/settings shows: everything about a script except
// its code, its etag and its entry point.
type settingsView struct {
	Bindings           []map[string]any `json:"bindings"`
	CompatibilityDate  string           `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string         `json:"compatibility_flags"`
	Tags               []string         `json:"tags"` // null if it never had any
	UsageModel         string           `json:"usage_model"`
	Logpush            bool             `json:"logpush"`
	TailConsumers      json.RawMessage  `json:"tail_consumers"`
	Placement          json.RawMessage  `json:"placement"` // an empty object if unset
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

// viewPlacement returns a script's placement as the settings show it, with the
// progress of the analysis for smart placement. Without requests the analysis
// never makes any.
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

func (s *Server) getSettings(c *call, sc scriptContainer) (reply, error) {
	var view settingsView
	err := s.readScript(c, sc, func(_ *store.Tx, script store.Script) error {
		view = viewSettings(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// patchSettings changes what its one part, "settings", mentions and keeps the
// rest. A list of bindings in it replaces the old one, as in an upload: secrets
// that should stay are inherited or kept.
func (s *Server) patchSettings(c *call, sc scriptContainer) (reply, error) {
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
	script, err := s.editScript(c, sc, func(tx *store.Tx, script *store.Script) error {
		return s.changeSettings(tx, c.account, sc.owner(c.param("script")), script, present, strict)
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

const (
	maxTags     = 8
	maxTagBytes = 128
	maxCPUMS    = 300_000 // five minutes

	// defaultUsageModel is the usage model of every script that does not ask
	// for a retired one.
	defaultUsageModel = "standard"
)

// A setter copies one field of a metadata or settings object into a script. A
// null resets it to the default.
type setter func(script *store.Script, value json.RawMessage) error

// newSetters returns setters for the fields that an upload and PATCH …/settings
// have in common, except the bindings. Other fields (annotations,
// code_update_strategy, …) are accepted and change nothing, as on the real API.
func (s *Server) newSetters() map[string]setter {
	return map[string]setter{
		"compatibility_date":  s.setCompatibilityDate,
		"compatibility_flags": decodeInto(func(k *store.Script) *[]string { return &k.CompatibilityFlags }),
		"tags":                setTags,
		"usage_model":         setUsageModel,
		"logpush":             decodeInto(func(k *store.Script) *bool { return &k.Logpush }),
		"limits":              keepRaw(func(k *store.Script) *json.RawMessage { return &k.Limits }),
		"placement":           keepRaw(func(k *store.Script) *json.RawMessage { return &k.Placement }),
		"observability":       keepRaw(func(k *store.Script) *json.RawMessage { return &k.Observability }),
		"tail_consumers":      keepRaw(func(k *store.Script) *json.RawMessage { return &k.TailConsumers }),
		"cache_options":       keepRaw(func(k *store.Script) *json.RawMessage { return &k.CacheOptions }),
	}
}

// apply copies the present fields and checks the result. The order of the
// fields is fixed, so that of several mistakes the same one is always reported.
func (s *Server) apply(tx *store.Tx, account, self string, script *store.Script, present fields) error {
	names := make([]string, 0, len(present))
	for name := range present {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if set, known := s.setters[name]; known {
			if err := set(script, present[name]); err != nil {
				return named(err, name)
			}
		}
	}
	if script.UsageModel == "" {
		script.UsageModel = defaultUsageModel
	}
	if err := checkLimits(script); err != nil {
		return err
	}
	return checkTailConsumers(tx, account, self, script.TailConsumers)
}

// named turns a decoding error into a failure. A failure stays as it is.
func named(err error, field string) error {
	if _, isFailure := err.(*failure); isFailure {
		return err
	}
	return invalid("The field %q is malformed: %v", field, err)
}

func decodeInto[T any](field func(*store.Script) *T) setter {
	return func(script *store.Script, value json.RawMessage) error {
		var decoded T
		if err := json.Unmarshal(value, &decoded); err != nil {
			return err
		}
		*field(script) = decoded
		return nil
	}
}

// keepRaw keeps a value as it was sent, because the settings return it that
// way. It must be an object or a list.
func keepRaw(field func(*store.Script) *json.RawMessage) setter {
	return func(script *store.Script, value json.RawMessage) error {
		switch text := strings.TrimSpace(string(value)); {
		case text == "null":
			*field(script) = nil
			return nil
		case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
			*field(script) = value
			return nil
		}
		return invalid("expected an object or a list, not %s", value)
	}
}

// setCompatibilityDate refuses dates after today in UTC. Around midnight the
// real API, too, refuses a date that is today somewhere further east.
func (s *Server) setCompatibilityDate(script *store.Script, value json.RawMessage) error {
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return err
	}
	if text != "" {
		date, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return invalid("Invalid compatibility date %q: it must look like 2026-01-31", text)
		}
		if date.After(s.now()) {
			return invalid("Can't set compatibility date in the future: %s", text)
		}
	}
	script.CompatibilityDate = text
	return nil
}

func setTags(script *store.Script, value json.RawMessage) error {
	var tags []string
	if err := json.Unmarshal(value, &tags); err != nil {
		return err
	}
	return setTagList(script, tags)
}

// setTagList sets the tags of a script. A repeated tag counts once.
func setTagList(script *store.Script, tags []string) error {
	unique := []string{}
	for _, tag := range tags {
		switch {
		case tag == "":
			return invalid("A tag is empty")
		case len(tag) > maxTagBytes:
			return fail(http.StatusBadRequest, workersTagTooLarge, "The tag %q is longer than %d bytes", tag, maxTagBytes)
		case !slices.Contains(unique, tag):
			unique = append(unique, tag)
		}
	}
	if len(unique) > maxTags {
		return fail(http.StatusForbidden, workersTooManyTags, "A script may have %d tags, not %d", maxTags, len(unique))
	}
	if tags == nil {
		unique = nil
	}
	script.Tags = unique
	return nil
}

var usageModels = []string{"", defaultUsageModel, "bundled", "unbound"}

func setUsageModel(script *store.Script, value json.RawMessage) error {
	var model string
	if err := json.Unmarshal(value, &model); err != nil {
		return err
	}
	if !slices.Contains(usageModels, model) {
		return invalid("Unknown usage model %q", model)
	}
	script.UsageModel = model
	return nil
}

func checkLimits(script *store.Script) error {
	if script.Limits == nil {
		return nil
	}
	var limits struct {
		CPUMS *float64 `json:"cpu_ms"`
	}
	if err := json.Unmarshal(script.Limits, &limits); err != nil {
		return named(err, "limits")
	}
	switch {
	case limits.CPUMS == nil:
		return nil
	case script.UsageModel != defaultUsageModel:
		return fail(http.StatusBadRequest, workersLimitsNeedStandard, "CPU limits need the usage model %q", defaultUsageModel)
	case *limits.CPUMS > maxCPUMS:
		return fail(http.StatusBadRequest, workersCPULimitTooHigh,
			"limits.cpu_ms is %v, the maximum is %d", *limits.CPUMS, maxCPUMS)
	}
	return nil
}

// checkTailConsumers refuses consumers that do not exist.
func checkTailConsumers(tx *store.Tx, account, self string, raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var consumers []struct {
		Service   string `json:"service"`
		Namespace string `json:"namespace"`
	}
	if err := json.Unmarshal(raw, &consumers); err != nil {
		return named(err, "tail_consumers")
	}
	for _, consumer := range consumers {
		if consumer.Namespace != "" {
			n, err := findNamespace(tx, account, consumer.Namespace, http.StatusBadRequest)
			if err != nil {
				return err
			}
			if !tx.UserWorkers(account, n.ID).Has(consumer.Service) {
				return noSuchService("tail consumer", consumer.Service, consumer.Service)
			}
			continue
		}
		if consumer.Service != self && !tx.Workers(account).Has(consumer.Service) {
			return noSuchService("tail consumer", consumer.Service, consumer.Service)
		}
	}
	return nil
}

// noSuchService returns the failure of a reference to an account Worker that
// does not exist. The real API responds with 10143 for a missing script; 10144,
// which is also documented, is for a missing environment of an existing one.
func noSuchService(kind, name, target string) error {
	return fail(http.StatusBadRequest, workersServiceTargetMissing,
		"Could not resolve %s '%s'. Target script '%s' not found. Please verify the target script and try again.", kind, name, target)
}

package account

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/wfpsync/wfpsync/spec"
)

// settings is everything about a script except its code.
// Source: API reference, "Get Script Settings".
type settings struct {
	Bindings           []spec.Object `json:"bindings"`
	CompatibilityDate  string        `json:"compatibility_date"`
	CompatibilityFlags []string      `json:"compatibility_flags"`
	Tags               []string      `json:"tags"`
	Options            spec.Object   `json:"-"`
	Rest               spec.Object   `json:"-"`
}

// restOptions are the options of an upload that a stack file cannot set. An
// upload repeats them to leave them unchanged.
// Source: API reference, "Upload Worker Module".
var restOptions = []string{"cache_options", "usage_model"}

// defaultUsageModel is the usage model of a script whose upload does not name
// one.
const defaultUsageModel = "standard"

// UnmarshalJSON also keeps the options that uploads have.
func (s *settings) UnmarshalJSON(data []byte) error {
	type fields settings // without this method
	if err := json.Unmarshal(data, (*fields)(s)); err != nil {
		return err
	}
	var all spec.Object
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if all["usage_model"] == defaultUsageModel {
		delete(all, "usage_model")
	}
	s.Options, s.Rest = setAmong(all, spec.ScriptOptions), setAmong(all, restOptions)
	return nil
}

// setAmong returns the options with some names that are set, or nil if none is.
func setAmong(all spec.Object, names []string) spec.Object {
	var set spec.Object
	for _, name := range names {
		if value := all[name]; isSet(value) {
			if set == nil {
				set = spec.Object{}
			}
			set[name] = value
		}
	}
	return set
}

// isSet reports whether an option in a response means anything. The API returns
// null, false and empty objects for options that were never set.
func isSet(value any) bool {
	if value == nil {
		return false
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() > 0
	default:
		return !v.IsZero()
	}
}

// settings reads the settings of the script at a path.
func (a *Account) settings(ctx context.Context, path string) (settings, error) {
	var s settings
	_, err := a.api.Exchange(ctx, http.MethodGet, path+"/settings", nil, nil, &s)
	return s, err
}

// toSpec returns the settings in the model.
func (s *settings) toSpec() (spec.Script, error) {
	bindings, err := bindingsFromAPI(s.Bindings)
	if err != nil {
		return spec.Script{}, err
	}
	_, _, rest := spec.Ownership(s.Tags)
	return spec.Script{
		CompatibilityDate:  s.CompatibilityDate,
		CompatibilityFlags: s.CompatibilityFlags,
		Bindings:           bindings,
		Tags:               rest,
		Options:            s.Options,
		Rest:               s.Rest,
	}, nil
}

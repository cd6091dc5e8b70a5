package account

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/wfpsync/wfpsync/spec"
)

// settings is everything about a script but its code.
// Source: API reference, "Get Script Settings".
type settings struct {
	Bindings           []spec.Object `json:"bindings"`
	CompatibilityDate  string        `json:"compatibility_date"`
	CompatibilityFlags []string      `json:"compatibility_flags"`
	Tags               []string      `json:"tags"`
	Options            spec.Object   `json:"-"`
	Rest               spec.Object   `json:"-"`
}

// restOptions are what uploads have besides the options that a stack file sets.
// An upload that is to leave them as they are says them again.
// Source: API reference, "Upload Worker Module".
var restOptions = []string{"cache_options", "usage_model"}

// usualUsageModel is that of every script whose upload says nothing of it.
const defaultUsageModel = "standard"

// UnmarshalJSON keeps the options that uploads have, too.
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

// setAmong are the options with some names that are set, nil where there are none.
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

// isSet reports whether an answered option means anything: the API fills in
// null, false and empty objects for what nobody has set.
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

// definition is the settings in the model.
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

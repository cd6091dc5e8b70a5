package stackfile

import "github.com/wfpsync/wfpsync/spec"

// manageable are the fields that a template can manage, each with the keys of an
// entry that it stands for. All other keys of a Worker are in none.
var manageable = func() map[string][]string {
	fields := map[string][]string{
		spec.FieldCode:               {"main", "script", "minify", "define", "alias", "rules", "no_bundle", "find_additional_modules", "base_dir"},
		spec.FieldCompatibilityDate:  {spec.FieldCompatibilityDate},
		spec.FieldCompatibilityFlags: {spec.FieldCompatibilityFlags},
		spec.FieldAssets:             {spec.FieldAssets},
		spec.FieldTags:               {spec.FieldTags},
		spec.FieldVars:               {spec.FieldVars},
		spec.FieldSecrets:            {spec.FieldSecrets},
	}
	for _, option := range spec.ScriptOptions {
		fields[option] = []string{option}
	}
	for _, group := range bindingGroups {
		if group.key != "" && group.key != spec.FieldAssets {
			fields[spec.FieldBindings] = append(fields[spec.FieldBindings], group.topKey())
		}
	}
	return fields
}()

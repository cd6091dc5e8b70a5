package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// apiDescription is Cloudflare's own description of its API, an OpenAPI 3.0
// document, with compilers that check values against its schemas.
//
// A schema of OpenAPI 3.0 is nearly a JSON Schema. Requests and responses have
// a compiler each, because a read-only property is required in responses alone.
type apiDescription struct {
	document map[string]any
	sent     *jsonschema.Compiler
	answered *jsonschema.Compiler
}

// newAPIDescription reads a description. If there is no such file, the error is
// fs.ErrNotExist.
func newAPIDescription(file string) (*apiDescription, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := &apiDescription{}
	if err := json.Unmarshal(content, &d.document); err != nil {
		return nil, err
	}
	for compiler, optional := range map[**jsonschema.Compiler]string{&d.sent: "readOnly", &d.answered: "writeOnly"} {
		converted, err := json.Marshal(d.toJSONSchema(d.document, optional))
		if err != nil {
			return nil, err
		}
		*compiler = jsonschema.NewCompiler()
		(*compiler).Draft = jsonschema.Draft7
		if err := (*compiler).AddResource("api.json", bytes.NewReader(converted)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// toJSONSchema rewrites a part of the document as JSON Schema. Properties that
// have the keyword optional are not required. Several branches of a oneOf may
// match, because many in this document are written as if they were anyOf.
func (d *apiDescription) toJSONSchema(node any, optional string) any {
	switch node := node.(type) {
	case []any:
		out := make([]any, len(node))
		for i, item := range node {
			out[i] = d.toJSONSchema(item, optional)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(node))
		for key, value := range node {
			if _, branches := value.([]any); branches && key == "oneOf" {
				key = "anyOf"
			}
			out[key] = d.toJSONSchema(value, optional)
		}
		if required, ok := node["required"].([]any); ok {
			properties, _ := node["properties"].(map[string]any)
			out["required"] = slices.DeleteFunc(slices.Clone(required), func(name any) bool {
				return d.says(properties[name.(string)], optional)
			})
		}
		if node["nullable"] == true {
			return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, out}}
		}
		return out
	default:
		return node
	}
}

// says reports whether a keyword is true in a schema.
func (d *apiDescription) says(schema any, keyword string) bool {
	for _, s := range d.flatten(schema) {
		if s[keyword] == true {
			return true
		}
	}
	return false
}

// flatten returns the schemas that a schema consists of, with references
// followed.
func (d *apiDescription) flatten(schema any) []map[string]any {
	s, ok := schema.(map[string]any)
	if !ok {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		return d.flatten(d.at(ref))
	}
	all := []map[string]any{s}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		branches, _ := s[keyword].([]any)
		for _, branch := range branches {
			all = append(all, d.flatten(branch)...)
		}
	}
	return all
}

// at returns the part of the document that a reference leads to.
func (d *apiDescription) at(ref string) any {
	var node any = d.document
	for _, segment := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		switch parent := node.(type) {
		case map[string]any:
			node = parent[strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)]
		case []any:
			i, _ := strconv.Atoi(segment)
			node = parent[i]
		default:
			return nil
		}
	}
	return node
}

// pointer returns a reference to something below another reference, with
// references followed.
func (d *apiDescription) pointer(ref string, segments ...string) string {
	for _, segment := range segments {
		if object, ok := d.at(ref).(map[string]any); ok && object["$ref"] != nil {
			ref = object["$ref"].(string)
		}
		ref += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(segment)
	}
	return ref
}

// described is an operation in the API's description.
type described struct {
	*apiDescription
	name string // "GET /zones/{zone_id}/workers/routes"
	ref  string
	path map[string]string // the values of the path's parameters
}

// operation returns the operation of a request, and false if the document has
// none.
func (d *apiDescription) operation(method, escapedPath string) (described, bool) {
	paths := d.document["paths"].(map[string]any)
	best, fewest := described{}, 1000
	for template, item := range paths {
		parameters, ok := matchPath(template, escapedPath)
		if _, has := item.(map[string]any)[strings.ToLower(method)]; ok && has && len(parameters) < fewest {
			best = described{d, method + " " + template, d.pointer("#/paths", template, strings.ToLower(method)), parameters}
			fewest = len(parameters)
		}
	}
	return best, best.apiDescription != nil
}

// matchPath returns the values of a template's parameters in a path.
func matchPath(template, escapedPath string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(escapedPath, "/")
	if len(want) != len(got) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, segment := range want {
		value, err := url.PathUnescape(got[i])
		switch {
		case err != nil:
			return nil, false
		case strings.HasPrefix(segment, "{"):
			parameters[strings.Trim(segment, "{}")] = value
		case segment != value:
			return nil, false
		}
	}
	return parameters, true
}

// A breach is a difference between an exchange and the description.
type breach struct {
	operation string // "GET /zones/{zone_id}/workers/routes"
	part      string // "path", "query", "body", or the status of the response
	pointer   string // into the part; * for the index of a list
	message   string
}

func (b breach) String() string {
	return fmt.Sprintf("%s, %s, %q: %s", b.operation, b.part, b.pointer, b.message)
}

// check compares an exchange with the description.
func (o described) check(x exchanged) []breach {
	var found []breach
	tell := func(part string) func(pointer, message string) {
		return func(pointer, message string) { found = append(found, breach{o.name, part, pointer, message}) }
	}
	o.checkParameters(x.query, tell)
	if x.sentType != "" {
		o.checkContent(o.sent, o.pointer(o.ref, "requestBody"), x.sentType, x.sent, tell("body"))
	}
	status := strconv.Itoa(x.status)
	responses := o.pointer(o.ref, "responses")
	for _, key := range []string{status, status[:1] + "XX"} {
		if ref := o.pointer(responses, key); o.at(ref) != nil {
			o.checkContent(o.answered, ref, x.answeredType, x.answered, tell(status))
			return found
		}
	}
	tell(status)("", "no answer with this status is described")
	if ref := o.pointer(responses, "200"); x.status < 300 && o.at(ref) != nil {
		o.checkContent(o.answered, ref, x.answeredType, x.answered, tell(status))
	}
	return found
}

// checkParameters compares the parameters of path and query.
func (o described) checkParameters(query url.Values, tell func(string) func(pointer, message string)) {
	parameters, _ := o.at(o.pointer(o.ref, "parameters")).([]any)
	known := map[string]bool{}
	for i := range parameters {
		ref := o.pointer(o.ref, "parameters", strconv.Itoa(i))
		parameter := o.at(ref).(map[string]any)
		name, in := parameter["name"].(string), parameter["in"].(string)
		value, given := o.path[name], true
		switch in {
		case "path":
		case "query":
			known[name] = true
			value, given = query.Get(name), query.Has(name)
		default:
			continue
		}
		if given {
			o.validate(o.sent, o.pointer(ref, "schema"), o.decodeParameter(value, parameter["schema"]), func(pointer, message string) { tell(in)("/"+name+pointer, message) })
		} else if parameter["required"] == true {
			tell(in)("/"+name, "is missing")
		}
	}
	for name := range query {
		if !known[name] {
			tell("query")("/"+name, "is not described")
		}
	}
}

// decodeParameter returns a value of a path or a query in the type that its
// schema has.
func (o described) decodeParameter(text string, schema any) any {
	for _, s := range o.flatten(schema) {
		switch s["type"] {
		case "integer", "number":
			return json.Number(text)
		case "boolean":
			if b, err := strconv.ParseBool(text); err == nil {
				return b
			}
		}
	}
	return text
}

// checkContent compares a body with what the description has under "content".
func (o described) checkContent(compiler *jsonschema.Compiler, ref, contentType string, body []byte, tell func(pointer, message string)) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if contentType == "" && len(body) == 0 && o.at(o.pointer(ref, "content")) == nil {
		return
	}
	schema := o.pointer(ref, "content", mediaType, "schema")
	if err != nil || o.at(schema) == nil {
		tell("", fmt.Sprintf("no body of type %q is described", mediaType))
		return
	}
	var value any
	switch mediaType {
	case "application/json":
		value, err = decodeNumbers(body)
	case "multipart/form-data":
		value, err = decodeForm(body, params["boundary"])
	default:
		value = string(body)
	}
	if err != nil {
		tell("", err.Error())
		return
	}
	o.validate(compiler, schema, value, tell)
	o.undeclared(o.flatten(o.at(schema)), value, "", tell)
}

func decodeNumbers(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// decodeForm turns a form into an object. Parts in JSON become values. All
// other parts become texts, under the name that the description has for them.
func decodeForm(body []byte, boundary string) (any, error) {
	form := map[string]any{}
	for reader := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		} else if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.Header.Get("Content-Type") == jsonType && part.FileName() == "" {
			if form[part.FormName()], err = decodeNumbers(content); err != nil {
				return nil, err
			}
			continue
		}
		const others = "<any part name>"
		list, _ := form[others].([]any)
		form[others] = append(list, string(content))
	}
}

// validate compares a value with a schema.
func (o described) validate(compiler *jsonschema.Compiler, ref string, value any, tell func(pointer, message string)) {
	schema, err := compiler.Compile("api.json" + escapeFragment(ref))
	if err != nil {
		tell("", fmt.Sprintf("the schema %s: %v", ref, err))
		return
	}
	var invalid *jsonschema.ValidationError
	if errors.As(schema.Validate(value), &invalid) {
		tellCauses(invalid, tell)
	}
}

func escapeFragment(ref string) string {
	return "#" + (&url.URL{Fragment: strings.TrimPrefix(ref, "#")}).EscapedFragment()
}

// tellCauses reports what is wrong, but not why each of several alternatives
// is.
func tellCauses(invalid *jsonschema.ValidationError, tell func(pointer, message string)) {
	if len(invalid.Causes) == 0 || path.Base(invalid.KeywordLocation) == "anyOf" {
		tell(anyIndex(invalid.InstanceLocation), invalid.Message)
		return
	}
	for _, cause := range invalid.Causes {
		tellCauses(cause, tell)
	}
}

func anyIndex(pointer string) string {
	segments := strings.Split(pointer, "/")
	for i, segment := range segments {
		if _, err := strconv.Atoi(segment); err == nil {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// undeclared reports the properties of a value that none of its schemas has.
// JSON Schema allows them, so that a misspelt field of a request would pass. If
// no schema names any property, all are allowed.
func (o described) undeclared(schemas []map[string]any, value any, pointer string, tell func(pointer, message string)) {
	switch value := value.(type) {
	case []any:
		var items []map[string]any
		for _, s := range schemas {
			items = append(items, o.flatten(s["items"])...)
		}
		for _, item := range value {
			o.undeclared(items, item, pointer+"/*", tell)
		}
	case map[string]any:
		open := !slices.ContainsFunc(schemas, func(s map[string]any) bool { return s["properties"] != nil })
		for name, field := range value {
			var declared []map[string]any
			found := open
			for _, s := range schemas {
				properties, _ := s["properties"].(map[string]any)
				if property, ok := properties[name]; ok {
					found, declared = true, append(declared, o.flatten(property)...)
				} else if more := s["additionalProperties"]; more != nil && more != false {
					found, declared = true, append(declared, o.flatten(more)...)
				}
			}
			if !found {
				tell(pointer+"/"+name, "is not described")
				continue
			}
			o.undeclared(declared, field, pointer+"/"+name, tell)
		}
	}
}

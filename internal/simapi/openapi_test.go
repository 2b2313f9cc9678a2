// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// object is a part of the description.
type object = map[string]any

func description(t *testing.T) object {
	t.Helper()
	var doc object
	require.NoError(t, json.Unmarshal(openAPI, &doc))
	return doc
}

// at follows names into the description, and references behind each.
func at(t *testing.T, doc object, names ...string) object {
	t.Helper()
	here := doc
	for _, name := range names {
		next, ok := here[name].(object)
		require.True(t, ok, "%q of %q is not there", name, names)
		here = resolve(t, doc, next)
	}
	return here
}

func resolve(t *testing.T, doc, o object) object {
	t.Helper()
	if ref, is := o["$ref"].(string); is {
		return at(t, doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return o
}

// checkAnswer checks the answer to a request against the description.
func checkAnswer(t *testing.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	doc := description(t)
	responses := object{"default": object{"$ref": "#/components/responses/Error"}}
	for path := range at(t, doc, "paths") {
		pattern := "^" + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$"
		if item := at(t, doc, "paths", path); regexp.MustCompile(pattern).MatchString(r.URL.EscapedPath()) && item[strings.ToLower(r.Method)] != nil {
			responses = at(t, doc, "paths", path, strings.ToLower(r.Method), "responses")
		}
	}
	status := http.StatusText(rec.Code)
	response, described := responses[strconv.Itoa(rec.Code)].(object)
	if !described {
		require.GreaterOrEqual(t, rec.Code, 400, "the status %s of %s %s is not described", status, r.Method, r.URL.Path)
		response = responses["default"].(object)
	}
	typ, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	content := resolve(t, doc, response)["content"].(object)
	require.Contains(t, content, typ, "%s %s", r.Method, r.URL.Path)
	if typ != "application/json" {
		return
	}
	var v any
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &v))
	checkValue(t, doc, content[typ].(object)["schema"].(object), v, r.Method+" "+r.URL.Path)
}

// checkValue checks a value against a schema, as far as the description uses the
// language of schemas.
func checkValue(t *testing.T, doc, schema object, v any, where string) {
	t.Helper()
	schema = resolve(t, doc, schema)
	if all, is := schema["allOf"].([]any); is {
		for _, one := range all {
			checkValue(t, doc, one.(object), v, where)
		}
		return
	}
	if values, is := schema["enum"].([]any); is {
		require.Contains(t, values, v, where)
	}
	switch schema["type"] {
	case "string":
		require.IsType(t, "", v, where)
		if pattern, is := schema["pattern"].(string); is {
			require.Regexp(t, pattern, v, where)
		}
	case "boolean":
		require.IsType(t, true, v, where)
	case "integer":
		require.IsType(t, 1.0, v, where)
		require.Equal(t, float64(int64(v.(float64))), v, where)
	case "array":
		require.IsType(t, []any{}, v, where)
		for i, item := range v.([]any) {
			checkValue(t, doc, schema["items"].(object), item, where+"/"+strconv.Itoa(i))
		}
	case "object":
		require.IsType(t, object{}, v, where)
		properties, _ := schema["properties"].(object)
		for _, name := range list(schema["required"]) {
			require.Contains(t, v, name, where)
		}
		for name, member := range v.(object) {
			if property, known := properties[name].(object); known {
				checkValue(t, doc, property, member, where+"/"+name)
			} else if more, is := schema["additionalProperties"].(object); is {
				checkValue(t, doc, more, member, where+"/"+name)
			} else {
				require.NotEqual(t, false, schema["additionalProperties"], "%s has %q", where, name)
			}
		}
	default:
		require.Fail(t, "the schema has no type", "%s: %v", where, schema)
	}
}

func list(v any) (names []string) {
	all, _ := v.([]any)
	for _, name := range all {
		names = append(names, name.(string))
	}
	return names
}

// Every route is described, and every description has a route.
func TestEveryRouteIsDescribed(t *testing.T) {
	doc := description(t)
	require.Equal(t, "3.1.0", doc["openapi"])
	var described, routes, ids []string
	for path, item := range at(t, doc, "paths") {
		for method, operation := range item.(object) {
			if method == "parameters" {
				continue
			}
			described = append(described, strings.ToUpper(method)+" "+path)
			o := operation.(object)
			ids = append(ids, o["operationId"].(string))
			require.NotEmpty(t, o["summary"])
			require.Contains(t, o["responses"], "default")
		}
		named := regexp.MustCompile(`\{([a-z]+)\}`).FindStringSubmatch(path)
		require.Equal(t, named != nil, item.(object)["parameters"] != nil, path)
		if named != nil {
			parameter := resolve(t, doc, item.(object)["parameters"].([]any)[0].(object))
			require.Equal(t, named[1], parameter["name"])
		}
	}
	for _, r := range (&API{}).routes() {
		routes = append(routes, r.pattern())
	}
	require.ElementsMatch(t, routes, described)
	slices.Sort(ids)
	require.Len(t, slices.Compact(ids), len(described), "an operationId occurs twice")
}

// Every field is described, and every description has a field.
func TestEveryFieldIsDescribed(t *testing.T) {
	doc := description(t)
	types := map[string]any{
		"Error": failure{}, "Fleet": fleetSummary{}, "Devices": devices{}, "Device": Device{}, "DeviceDetails": deviceDetails{},
		"Event": Event{}, "Events": events{}, "Exchange": Exchange{}, "TimedExchange": exchange{}, "Fault": Fault{},
		"Injected": injected{}, "FaultForm": faultForm{}, "FaultKind": faultKind{}, "NamedReason": reason{},
		"Networks": networks{}, "Network": Network{}, "NetworkChange": NetworkChange{}, "Kick": kick{}, "Kicked": kicked{},
	}
	scalars := []string{"Duration", "Reason", "State", "Message"}
	for name := range at(t, doc, "components", "schemas") {
		if slices.Contains(scalars, name) {
			continue
		}
		require.Contains(t, types, name, "the schema is of no type")
		schema := at(t, doc, "components", "schemas", name)
		properties, required := object{}, []string{}
		parts := []any{schema}
		if all, is := schema["allOf"].([]any); is {
			parts = all
		}
		for _, part := range parts {
			p := resolve(t, doc, part.(object))
			for property, value := range p["properties"].(object) {
				properties[property] = value
			}
			required = append(required, list(p["required"])...)
		}
		fields := reflect.VisibleFields(reflect.TypeOf(types[name]))
		want := []string{}
		for _, f := range fields {
			tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if tag == "" {
				continue
			}
			want = append(want, tag)
			require.Contains(t, properties, tag, name)
			if name != "Fault" && name != "NetworkChange" && name != "Kick" { // requests: all may be left out
				require.Equal(t, options == "", slices.Contains(required, tag), "%s.%s", name, tag)
			}
			checkType(t, doc, properties[tag].(object), f.Type, name+"."+tag)
		}
		require.Len(t, properties, len(want), "%s: %v", name, want)
	}
	require.Len(t, at(t, doc, "components", "schemas"), len(types)+len(scalars))
}

// checkType checks the type of a field against its schema.
func checkType(t *testing.T, doc, schema object, typ reflect.Type, where string) {
	t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := "object"
	switch {
	case typ.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()):
		want = "string"
	case typ.Kind() == reflect.String:
		want = "string"
	case typ.Kind() == reflect.Bool:
		want = "boolean"
	case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
		want = "integer"
	case typ.Kind() == reflect.Slice && typ.Name() == "":
		want = "array"
	}
	require.Equal(t, want, resolve(t, doc, schema)["type"], where)
}

// The words of the description are those of the program.
func TestWordsAreDescribed(t *testing.T) {
	doc := description(t)
	var kinds, inState []string
	for _, kind := range simdevice.FaultKinds() {
		kinds = append(kinds, string(kind))
	}
	for _, state := range states() {
		inState = append(inState, string(state))
	}
	require.Equal(t, kinds, list(at(t, doc, "components", "schemas", "Fault", "properties", "kind")["enum"]))
	require.Equal(t, inState, list(at(t, doc, "components", "schemas", "State")["enum"]))
	for _, auth := range list(at(t, doc, "components", "schemas", "NetworkChange", "properties", "auth")["enum"]) {
		require.NoError(t, (&NetworkChange{Auth: &auth}).apply(new(apConfig)), auth)
	}
}

// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Duration is a time in the form of Go: "1.5s", "200ms".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration; write for example 5s or 200ms", text)
	}
	*d = Duration(v)
	return nil
}

// failure is the body of an answer with an error status.
type failure struct {
	Error string `json:"error"`
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	write(w, status, failure{fmt.Sprintf(format, args...)})
}

// write answers with JSON.
func write(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"error":"the answer cannot be written as JSON"}` + "\n")
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that has gone needs no answer
}

// read reads the body of a request into v, and reports whether it could; if not, it
// has answered.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "the Content-Type is %q; it has to be application/json", r.Header.Get("Content-Type"))
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case err == nil:
	case errors.As(err, &tooLong):
		refuse(w, http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", maxBody)
		return false
	default:
		w.Header().Set("Connection", "close") // the rest may still come
		refuse(w, http.StatusRequestTimeout, "the body did not arrive whole")
		return false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err = d.Decode(v); err == nil && d.More() {
		err = errors.New("something follows the object")
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body is wrong: %s", jsonError(body, err))
		return false
	}
	return true
}

// jsonError says what is wrong with a body.
func jsonError(body []byte, err error) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "it is empty; send a JSON object, {} if there is nothing to say"
	case errors.As(err, &syntax):
		return fmt.Sprintf("at byte %d: %s", syntax.Offset, syntax.Error())
	case errors.As(err, &typ) && typ.Field != "":
		return fmt.Sprintf("%s cannot be a %s; see /openapi.json", typ.Field, typ.Value)
	case errors.As(err, &typ):
		return fmt.Sprintf("it is a %s; send a JSON object", typ.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON ends too early"
	}
	text := err.Error()
	if field, ok := strings.CutPrefix(text, "json: unknown field "); ok {
		return "there is no field " + field + "; /openapi.json lists those that there are"
	}
	return strings.TrimPrefix(text, "json: ")
}

// query reads the parameters of a request.
type query struct {
	w    http.ResponseWriter
	r    *http.Request
	seen map[string]bool
	bad  bool // it has answered already
}

func newQuery(w http.ResponseWriter, r *http.Request) *query {
	return &query{w: w, r: r, seen: map[string]bool{}}
}

func (q *query) refuse(format string, args ...any) {
	if !q.bad {
		q.bad = true
		refuse(q.w, http.StatusBadRequest, format, args...)
	}
}

func (q *query) text(name string) string {
	q.seen[name] = true
	values := q.r.URL.Query()[name]
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	q.refuse("%s is there %d times; give it once", name, len(values))
	return ""
}

// number reads a whole number from least to most.
func (q *query) number(name string, fallback, least, most uint64) uint64 {
	text := q.text(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < least || n > most {
		q.refuse("%s is %q; it has to be a number from %d to %d", name, text, least, most)
	}
	return n
}

// duration reads a duration up to most.
func (q *query) duration(name string, most time.Duration) time.Duration {
	text := q.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > most {
		q.refuse("%s is %q; it has to be a duration up to %s, for example 30s", name, text, most)
	}
	return d
}

// done reports whether all was well, and refuses what was not asked for.
func (q *query) done() bool {
	for name := range q.r.URL.Query() {
		if !q.seen[name] {
			q.refuse("there is no parameter %q; /openapi.json lists those that there are", name)
		}
	}
	return !q.bad
}

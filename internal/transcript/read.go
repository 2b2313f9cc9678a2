// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// MaxLine is the length of the longest line that a Reader takes, in bytes.
const MaxLine = 16 << 20

// maxSeconds is how long a conversation may take.
const maxSeconds = 1e7

// Reader reads a file. It needs memory for one line.
type Reader struct {
	lines *bufio.Reader
	line  int // number of the last line
	first *Exchange

	// Header of the file; the zero value with Version 0: a recording without one, as
	// docs/spec/records describes.
	Header Header
}

// NewReader reads the first line of a file. Errors of a Reader name the line.
func NewReader(r io.Reader) (*Reader, error) {
	t := &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
	text, err := t.next()
	if err == io.EOF {
		return nil, errors.New("1: the file is empty; it should be one that --record wrote")
	}
	if err != nil {
		return nil, err
	}
	var head struct {
		Version *int `json:"transcript"`
	}
	switch err := json.Unmarshal(text, &head); {
	case err != nil:
		return nil, t.fail("this is no transcript: %v", jsonError(err))
	case head.Version == nil:
		t.first, err = t.exchange(text)
		if err == nil && t.first == nil {
			t.first, err = t.Next() // an event
		}
		if err == io.EOF {
			err = t.fail("this is no transcript: it has no exchanges")
		}
		return t, err
	case *head.Version > Version:
		return nil, t.fail("the file has version %d of the format, and this program knows versions up to %d: use a newer espprov", *head.Version, Version)
	case *head.Version < 1:
		return nil, t.fail("there is no version %d of the format", *head.Version)
	}
	if err := json.Unmarshal(text, &t.Header); err != nil {
		return nil, t.fail("%v", jsonError(err))
	}
	return t, nil
}

// Next returns the next exchange. At the end of the file the error is io.EOF. After
// another error, of a line that makes no sense, Next cannot go on.
func (t *Reader) Next() (*Exchange, error) {
	if x := t.first; x != nil {
		t.first = nil
		return x, nil
	}
	for {
		text, err := t.next()
		if err != nil {
			return nil, err
		}
		if x, err := t.exchange(text); x != nil || err != nil {
			return x, err
		}
	}
}

// exchange decodes a line; nil: it is not an exchange.
func (t *Reader) exchange(text []byte) (*Exchange, error) {
	var line struct {
		Exchange
		Event    *string `json:"event"`    // recordings of docs/spec have these, too
		Response Bytes   `json:"response"` // and call the answer so
		Then     string  `json:"device_then"`
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return nil, t.fail("%v", jsonError(err))
	}
	if line.Event != nil {
		return nil, nil
	}
	x := &line.Exchange
	x.Line = t.line
	if x.Answer == nil {
		x.Answer = line.Response
	}
	if x.Answer == nil && x.Error == "" {
		x.Error = line.Then
	}
	switch {
	case x.Endpoint == "":
		return nil, t.fail("the exchange has no endpoint")
	case x.Answer == nil && x.Error == "":
		return nil, t.fail("the exchange has neither an answer nor an error")
	case x.Start < 0 || x.Start > maxSeconds || x.Duration < 0 || x.Duration > 1e3*maxSeconds:
		return nil, t.fail("the exchange has a time that cannot be")
	}
	for _, r := range x.Masked {
		if r[0] < 0 || r[1] < 0 || r[0] > len(x.Request) || r[1] > len(x.Request)-r[0] {
			return nil, t.fail("masked bytes %d to %d are not in the request of %d bytes", r[0], r[0]+r[1], len(x.Request))
		}
	}
	return x, nil
}

// next returns the next line that is not empty, which is valid until the next call.
func (t *Reader) next() ([]byte, error) {
	for {
		t.line++
		line, err := t.readLine()
		switch {
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF && !json.Valid(line):
			return nil, t.fail("the line is cut: the recording ended in the middle of it")
		case err != nil && err != io.EOF:
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// readLine returns a line with its end. It reads no further than MaxLine.
func (t *Reader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := t.lines.ReadSlice('\n')
		if err == nil && line == nil {
			return part, nil
		}
		if len(line)+len(part) > MaxLine {
			return nil, t.fail("the line is longer than %d bytes: this is no transcript", MaxLine)
		}
		line = append(slices.Grow(line, len(part)), part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// fail returns an error that names the line.
func (t *Reader) fail(format string, args ...any) error {
	return fmt.Errorf("%d: "+format, append([]any{t.line}, args...)...)
}

// jsonError says in one line what is wrong, without a part of the file, which may be a
// secret.
func jsonError(err error) string {
	var typ *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &typ):
		kind, _, _ := strings.Cut(typ.Value, " ")
		return fmt.Sprintf("the member %q has the wrong type, %s", strings.TrimPrefix(typ.Field, "Exchange."), kind)
	case errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return "the line is cut"
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is no JSON object from column %d on", syntax.Offset)
	case errors.Is(err, errDigits):
		return errDigits.Error()
	}
	return "a value makes no sense"
}

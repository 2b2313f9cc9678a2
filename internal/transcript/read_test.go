// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const head = `{"transcript":1,"time":"2026-01-02T03:04:05Z","secrets":false}` + "\n"

const line = `{"t":1,"ms":2.5,"endpoint":"proto-ver","request":"455350","answer":"7b7d"}` + "\n"

// readAll reads a file to its end.
func readAll(text string) (list []*Exchange, err error) {
	r, err := NewReader(strings.NewReader(text))
	for err == nil {
		var x *Exchange
		if x, err = r.Next(); err == nil {
			list = append(list, x)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return list, err
}

// What is wrong with a file is said with the number of the line.
func TestDamage(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "1: the file is empty; it should be one that --record wrote",
		"\n\n":                    "1: the file is empty; it should be one that --record wrote",
		"hello\n":                 "1: this is no transcript: it is no JSON object from column 1 on",
		"[]\n":                    `1: this is no transcript: the member "" has the wrong type, array`,
		"{}\n":                    "1: the exchange has no endpoint",
		`{"event":"x"}` + "\n":    "2: this is no transcript: it has no exchanges",
		`{"transcript":2}` + "\n": "1: the file has version 2 of the format, and this program knows versions up to 1: use a newer espprov",
		`{"transcript":0}` + "\n": "1: there is no version 0 of the format",
		`{"transcript":"x"}`:      `1: this is no transcript: the member "transcript" has the wrong type, string`,
		head[:30]:                 "1: the line is cut: the recording ended in the middle of it",
		head + line + line[:40]:   "3: the line is cut: the recording ended in the middle of it",
		head + "\n" + "x" + line:  "3: it is no JSON object from column 1 on",
		head + "{}\n":             "2: the exchange has no endpoint",
		head + `{"endpoint":"a"}`: "2: the exchange has neither an answer nor an error",
		`{"transcript":1,"time":"` + strings.Repeat("9", 1<<20) + `"}`:   "1: a value makes no sense",
		head + `{"endpoint":"a","t":` + strings.Repeat("9", 1<<20) + `}`: `2: the member "t" has the wrong type, number`,
		head + `{"endpoint":1}`:                                                  `2: the member "endpoint" has the wrong type, number`,
		head + `{"request":"4"}`:                                                 "2: the bytes are not hexadecimal digits",
		head + `{"request":[1]}`:                                                 `2: the member "request" has the wrong type, array`,
		head + `{"request":{"a":}`:                                               "2: the line is cut: the recording ended in the middle of it",
		head + `{"endpoint":"a","answer":"","t":-1}`:                             "2: the exchange has a time that cannot be",
		head + `{"endpoint":"a","answer":"","ms":1e300}`:                         "2: the exchange has a time that cannot be",
		head + `{"endpoint":"a","request":"00","answer":"","masked":[[1,1]]}`:    "2: masked bytes 1 to 2 are not in the request of 1 bytes",
		head + `{"endpoint":"a","request":"00","answer":"","masked":[[0,-1]]}`:   "2: masked bytes 0 to -1 are not in the request of 1 bytes",
		head + `{"endpoint":"` + strings.Repeat("a", MaxLine) + `","answer":""}`: fmt.Sprintf("2: the line is longer than %d bytes: this is no transcript", MaxLine),
		strings.Repeat("a", 2*MaxLine):                                           fmt.Sprintf("1: the line is longer than %d bytes: this is no transcript", MaxLine),
		head + line + `{"endpoint":"a","answer":"` + strings.Repeat("ab", 99999): "3: the line is cut: the recording ended in the middle of it",
	} {
		_, err := readAll(text)
		require.EqualError(t, err, want)
	}
}

// What is there up to the damage is read, and what later versions add is ignored.
func TestReadable(t *testing.T) {
	list, err := readAll(head + line + "\r\n" + line + line[:40])
	require.ErrorContains(t, err, "5: the line is cut")
	require.Len(t, list, 2)
	require.Equal(t, &Exchange{Line: 4, Start: 1, Duration: 2.5, Endpoint: "proto-ver", Request: Bytes("ESP"), Answer: Bytes("{}")},
		must(readAll(head + "\n\n" + line))[0])
	require.Len(t, must(readAll(strings.TrimSpace(head+line))), 1) // no end of the last line
	require.Empty(t, must(readAll(head)))
	require.Len(t, must(readAll(head+`{"endpoint":"a","answer":"","new":[1]}`)), 1)
	long := `{"endpoint":"a","answer":"` + strings.Repeat("ab", 1<<20) + `"}` + "\n"
	require.Len(t, must(readAll(head + long + long))[1].Answer, 1<<20)
}

func must(list []*Exchange, err error) []*Exchange {
	if err != nil {
		panic(err)
	}
	return list
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(head + line))
	f.Add([]byte(head + `{"endpoint":"prov-session","request":"5203a20100","answer":"52050801aa0100"}` + "\n" +
		`{"endpoint":"prov-config","request":"080262150a07486f6d654e6574120a2a2a2a2a2a2a2a2a2a2a","masked":[[15,10]],"answer":"08036a00"}`))
	f.Add([]byte(`{"endpoint":"prov-session","request":"10015a25a201220a20b571791fa091552376e727c1d515217ec041badfa8c5291a69bcc880cae7117f",` +
		`"response":{"body_hex":"10015a00"},"keys":{"pop":"61","random":"0f699530e2b7249837c495c37db326c07580b9f7a70fb9f18f75d69023061e54"}}`))
	f.Add([]byte(`{"conn":7,"endpoint":"prov-session","request":"10026200","device_then":"closed","keys":{"username":"61","random":"00"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := NewReader(bytes.NewReader(text))
		e := NewExplainer(Login{PoP: "a", Username: "b", DeviceRandom: make([]byte, 100)}, true)
		for err == nil {
			var x *Exchange
			if x, err = r.Next(); err == nil {
				got := e.Explain(x)
				_ = got.Request.Message.String() + got.Answer.Message.String()
				require.NotContains(t, got.Means, "\x1b")
			}
		}
		require.NotContains(t, err.Error(), "\n")
		if r, err := NewReader(bytes.NewReader(text)); err == nil {
			_, _ = ReadScript(r, "x")
		}
	})
}

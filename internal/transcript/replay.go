// SPDX-License-Identifier: Apache-2.0

package transcript

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/internal/pbtext"
)

// Script is what a file has to be played again.
type Script struct {
	exchanges []*Explained
	// Security is the mode of the recorded sessions; SecurityAuto: there are none.
	Security client.Security
	// Login has the secrets with which the sessions were opened.
	Login Login
}

// ReadScript reads a whole file. It fails, with the number of the line, if a request
// cannot be sent again: if it is encrypted and the keys are unknown, or masked and there
// is no passphrase to put in its place.
func ReadScript(r *Reader, passphrase hal.Secret) (*Script, error) {
	s := &Script{}
	e := NewExplainer(Login{}, false)
	for {
		x, err := r.Next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		ex := e.Explain(x)
		if ex.First && s.Security == client.SecurityAuto {
			s.Security = client.Security0 + client.Security(ex.Security)
		}
		if ex.Handshake {
			if known := e.last.login(); known != nil {
				s.Login = *known
			}
		}
		switch {
		case ex.Request.Locked && ex.Request.Masked:
			return nil, fmt.Errorf("%d: the request to %s is masked: record with --record-secrets to replay", x.Line, Printable(x.Endpoint))
		case ex.Request.Locked:
			return nil, fmt.Errorf("%d: the request to %s cannot be decrypted: record with --record-secrets to replay", x.Line, Printable(x.Endpoint))
		case ex.Request.Masked && passphrase == "":
			return nil, fmt.Errorf("%d: the passphrase is masked: give --passphrase, or record with --record-secrets", x.Line)
		case ex.Request.Masked:
			if ex.Request.Plain, err = unmask(ex.Request.Plain, passphrase); err != nil {
				return nil, fmt.Errorf("%d: the request to %s has more than a passphrase masked: record with --record-secrets to replay", x.Line, Printable(x.Endpoint))
			}
		}
		s.exchanges = append(s.exchanges, ex)
	}
}

var errNoCredentials = errors.New("no credentials")

// unmask puts a passphrase into SetConfig.
func unmask(plain []byte, passphrase hal.Secret) ([]byte, error) {
	var m pb.WiFiConfigPayload
	if err := m.Unmarshal(plain); err != nil {
		return nil, err
	}
	if m.WhichPayload != pb.WiFiConfigPayloadCmdSetConfig {
		return nil, errNoCredentials
	}
	m.CmdSetConfig.Passphrase = []byte(passphrase)
	return m.AppendTo(nil), nil
}

// Result says how an answer compares to the recorded one.
type Result string

// Results.
const (
	Same      Result = "same"
	SameKind  Result = "same in kind" // of handshakes and failures, which are not the same twice
	Different Result = "different"
	NotPlayed Result = "not played" // because the session is lost
)

// Replayed is an exchange that was played again, or a handshake as a whole.
type Replayed struct {
	From     int // number of the first exchange of a handshake, otherwise Recorded.Number
	Recorded *Explained
	Result   Result
	Now      Part   // the answer
	Error    string // why there is no answer now
	Open     bool   // the handshake succeeded now
}

// Play has c, a client of the device that Security says, send the requests, and tells
// each outcome. Unless fast is set, requests keep their distances in time. Play fails if
// ctx ends, and if there is no device from the start: the error matches
// client.ErrUnreachable. A device that is gone later is a difference.
func (s *Script) Play(ctx context.Context, c *client.Client, fast bool, tell func(*Replayed)) error {
	began := time.Now()
	there, lost := false, false
	for i := 0; i < len(s.exchanges); i++ {
		ex := s.exchanges[i]
		r := &Replayed{From: ex.Number, Recorded: ex, Result: NotPlayed}
		if lost = lost && !ex.First; lost && ex.Endpoint != endpointVersion {
			tell(r)
			continue
		}
		if !fast {
			if err := sleepUntil(ctx, began, ex.Start-s.exchanges[0].Start); err != nil {
				return err
			}
		}
		i = s.lastStep(i)
		r.Recorded = s.exchanges[i]
		err := r.play(ctx, c, ex.Request.Plain)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, client.ErrUnreachable) && !there {
			return err
		}
		there = true
		lost = lost || err != nil && (ex.Handshake || errors.Is(err, client.ErrSessionLost))
		tell(r)
	}
	return nil
}

// lastStep returns the last step of the handshake that exchange i begins. A client does a
// handshake whose proof was refused once more.
func (s *Script) lastStep(i int) int {
	for tries := 1; i+1 < len(s.exchanges); i++ {
		now, next := s.exchanges[i], s.exchanges[i+1]
		if !now.Handshake || !next.Handshake || now.Open {
			break
		}
		if next.First {
			if tries++; now.First || tries > 2 {
				break
			}
		}
	}
	return i
}

// play sends one request and compares.
func (r *Replayed) play(ctx context.Context, c *client.Client, request []byte) (err error) {
	ex := r.Recorded
	var now []byte
	switch {
	case ex.Handshake:
		err = c.Connect(ctx)
		r.Open = err == nil
	case ex.Endpoint == endpointVersion:
		var v *client.Version
		if v, err = c.Version(ctx); err == nil {
			now = []byte(v.Text)
		}
	default:
		now, err = c.Custom(ctx, ex.Endpoint, request)
	}
	r.Result = Different
	switch {
	case err != nil:
		r.Error = err.Error()
		if ex.Handshake && !ex.Open || !ex.Handshake && ex.Exchange.Answer == nil {
			r.Result = SameKind
		}
	case ex.Handshake:
		if ex.Open {
			r.Result = SameKind
		}
	default:
		r.Now = Part{Wire: now, Plain: now}
		r.Now.decode(ex.Endpoint, pbtext.Answer, false)
		if ex.Exchange.Answer != nil && bytes.Equal(now, ex.Answer.Plain) {
			r.Result = Same
		}
	}
	return err
}

// Diff says in lines what is different: "- " in the recording, "+ " now.
func (r *Replayed) Diff() (lines []string) {
	ex := r.Recorded
	switch {
	case ex.Handshake:
		return []string{"- " + openWords(ex.Open, ex.Error), "+ " + openWords(r.Open, r.Error)}
	case ex.Answer.Locked:
		lines = append(lines, "- an answer that cannot be decrypted")
	case ex.Exchange.Answer == nil:
		lines = append(lines, "- no answer: "+Printable(ex.Error))
	case r.Error != "":
		lines = append(lines, fmt.Sprintf("- an answer of %d bytes", len(ex.Answer.Plain)))
	}
	if r.Error != "" {
		return append(lines, "+ no answer: "+Printable(r.Error))
	}
	before, now := ex.Answer.fields(ex.Endpoint), r.Now.fields(ex.Endpoint)
	for _, l := range before {
		if !slices.Contains(now, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range now {
		if !slices.Contains(before, l) {
			lines = append(lines, "+ "+l)
		}
	}
	if len(lines) == 0 {
		lines = []string{"the fields are the same, but not the bytes, or their order"}
	}
	return lines
}

func openWords(open bool, why string) string {
	switch {
	case open:
		return "the session is open"
	case why == "":
		return "the device refuses the session"
	}
	return "no session: " + Printable(why)
}

// fields returns each field of an answer with the names of the messages it is in.
func (p *Part) fields(endpoint string) []string {
	if endpoint == endpointVersion {
		var members any
		if json.Unmarshal(bytes.TrimRight(p.Plain, "\x00"), &members) == nil {
			return flatten(nil, "", members)
		}
	}
	return flatten(nil, "", p.Message)
}

// flatten appends a line for each value in v, whose name is given.
func flatten(lines []string, name string, v any) []string {
	under := name
	if name != "" {
		under += "."
	}
	switch v := v.(type) {
	case pbtext.Message:
		for _, f := range v {
			lines = flatten(lines, under+f.Name, f.Value)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = flatten(lines, under+Printable(key), v[key])
		}
	case string:
		lines = append(lines, name+": "+Printable(v))
	default:
		lines = append(lines, fmt.Sprintf("%s: %v", name, v))
	}
	return lines
}

// sleepUntil waits for a moment, seconds after began.
func sleepUntil(ctx context.Context, began time.Time, after float64) error {
	t := time.NewTimer(time.Until(began.Add(time.Duration(after * float64(time.Second)))))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

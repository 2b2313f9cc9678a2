// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"time"
)

// Status is what came of a device, in a report.
type Status string

// Statuses.
const (
	StatusDone        Status = "done"
	StatusFailed      Status = "failed"
	StatusInterrupted Status = "interrupted"
)

// Record is a line of a report. Times are in milliseconds.
type Record struct {
	Device   string     `json:"device"` // name, or address without one; "": a bad row
	Row      int        `json:"row"`
	Status   Status     `json:"status"`
	Class    Class      `json:"class,omitempty"`
	Reason   Reason     `json:"reason,omitempty"`
	Error    string     `json:"error,omitempty"`
	Attempts int        `json:"attempts"`
	IP       netip.Addr `json:"ip,omitzero"`
	SSID     string     `json:"ssid,omitempty"`
	MAC      string     `json:"mac,omitempty"`
	// Connect to Join are those of the last try; Total is that of all.
	Connect   int64             `json:"connect_ms"`
	Handshake int64             `json:"handshake_ms"`
	Configure int64             `json:"configure_ms"`
	Join      int64             `json:"join_ms"`
	Total     int64             `json:"total_ms"`
	Started   time.Time         `json:"started"`
	Ended     time.Time         `json:"ended"`
	Shard     string            `json:"shard,omitempty"`
	Station   string            `json:"station,omitempty"`
	Digest    string            `json:"digest"` // of the row, without secrets
	Fields    map[string]string `json:"fields,omitempty"`
}

// Origin is where outcomes come from.
type Origin struct {
	Shard, Station string
	Fields         []Field // of the operator's, for every device
}

// NewRecord makes a line of an outcome. It has no secret of the device in it: columns
// that are called like secrets are left out, and secrets in others are hidden.
func NewRecord(o *Outcome, from Origin) *Record {
	d := o.Device
	r := &Record{
		Device: d.ID(), Row: d.Row, Status: o.Status(), Class: o.Class, Reason: o.Reason, Attempts: o.Attempts,
		IP: o.IP, SSID: d.SSID, MAC: d.MAC, Digest: d.Digest(), Shard: from.Shard, Station: from.Station,
		Connect: o.Times[Connecting].Milliseconds(), Handshake: o.Times[Handshake].Milliseconds(),
		Configure: o.Times[Configuring].Milliseconds(), Join: o.Times[Joining].Milliseconds(),
		Total: o.Ended.Sub(o.Started).Milliseconds(), Started: o.Started.UTC(), Ended: o.Ended.UTC(),
	}
	if o.Err != nil {
		r.Error = d.hide(o.Err.Error())
	}
	for _, fields := range [][]Field{from.Fields, d.Fields} {
		for _, f := range fields {
			if f.Value == "" || isHidden(f.Name) {
				continue
			}
			if r.Fields == nil {
				r.Fields = map[string]string{}
			}
			r.Fields[f.Name] = d.hide(f.Value)
		}
	}
	return r
}

// Line is the record as a line of JSON with its end.
func (r *Record) Line() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(r) // texts, numbers and times of this century: it cannot fail
	return b.Bytes()
}

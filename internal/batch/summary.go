// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// csvHead is the header of a report in CSV, without the fields.
var csvHead = []string{"device", "row", "status", "class", "reason", "error", "attempts", "ip", "ssid", "mac",
	"connect_ms", "handshake_ms", "configure_ms", "join_ms", "total_ms", "started", "ended", "shard", "station"}

// WriteCSV writes the records as CSV, with a column for each field that any of them has.
func (x *Index) WriteCSV(w io.Writer) error {
	fields := map[string]bool{}
	err := x.Each(func(r *Record) error {
		for name := range r.Fields {
			fields[name] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(fields))
	out := csv.NewWriter(w)
	_ = out.Write(slices.Concat(csvHead, names)) // Error tells it
	err = x.Each(func(r *Record) error {
		cells := []string{r.Device, strconv.Itoa(r.Row), string(r.Status), string(r.Class), string(r.Reason), r.Error, strconv.Itoa(r.Attempts), "", r.SSID, r.MAC}
		if r.IP.IsValid() {
			cells[7] = r.IP.String()
		}
		for _, ms := range r.times() {
			cells = append(cells, strconv.FormatInt(ms, 10))
		}
		cells = append(cells, r.Started.Format(time.RFC3339Nano), r.Ended.Format(time.RFC3339Nano), r.Shard, r.Station)
		for _, name := range names {
			cells = append(cells, r.Fields[name])
		}
		return out.Write(cells)
	})
	out.Flush()
	return cmp.Or(err, out.Error())
}

// times are the times of a record, in the order of timeNames.
func (r *Record) times() []int64 {
	return []int64{r.Connect, r.Handshake, r.Configure, r.Join, r.Total}
}

var timeNames = []string{Connecting.String(), Handshake.String(), Configuring.String(), Joining.String(), "total"}

// Summary is what reports say of all devices together.
type Summary struct {
	Totals
	Reasons map[Reason]int `json:"reasons"`
	// Again is how many of the done devices took more than one try.
	Again int `json:"again"`
	// Times of the devices that are done: connect, handshake, configure, join, total.
	Times []Percentiles `json:"times"`
	// From and To are when the first device began and the last one ended.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Percentiles of one kind of time, in milliseconds.
type Percentiles struct {
	Name string `json:"name"`
	P50  int64  `json:"p50_ms"`
	P90  int64  `json:"p90_ms"`
	P99  int64  `json:"p99_ms"`
	Most int64  `json:"most_ms"`
}

// Summary reads all records.
func (x *Index) Summary() (*Summary, error) {
	s := &Summary{Reasons: map[Reason]int{}}
	times := make([][]int64, len(timeNames))
	err := x.Each(func(r *Record) error {
		if s.From.IsZero() || r.Started.Before(s.From) {
			s.From = r.Started
		}
		if r.Ended.After(s.To) {
			s.To = r.Ended
		}
		s.Totals.Count(r.Status)
		if r.Status != StatusDone {
			s.Reasons[r.Reason]++
			return nil
		}
		if r.Attempts > 1 {
			s.Again++
		}
		for i, ms := range r.times() {
			times[i] = append(times[i], ms)
		}
		return nil
	})
	for i, all := range times {
		if len(all) == 0 {
			break
		}
		slices.Sort(all)
		at := func(percent int) int64 { return all[(len(all)*percent+99)/100-1] }
		s.Times = append(s.Times, Percentiles{timeNames[i], at(50), at(90), at(99), at(100)})
	}
	return s, err
}

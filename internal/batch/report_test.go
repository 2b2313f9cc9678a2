// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/batch"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// outcome of a device that took seconds after noon.
func outcome(name string, seconds int, err error) *batch.Outcome {
	o := &batch.Outcome{
		Device: &batch.Device{Row: 2, Name: name, SSID: "Home", PoP: "s3cret-pop", Passphrase: "s3cret-passphrase"},
		Err:    err, Attempts: 1, Started: noon, Ended: noon.Add(time.Duration(seconds) * time.Second),
	}
	o.Times[batch.Joining] = time.Duration(seconds) * time.Second
	o.Reason, o.Class = batch.Classify(err)
	return o
}

func appendTo(t *testing.T, path string, outcomes ...*batch.Outcome) {
	t.Helper()
	r, err := batch.OpenReport(path)
	require.NoError(t, err)
	var records []*batch.Record
	for _, o := range outcomes {
		records = append(records, batch.NewRecord(o, batch.Origin{}))
	}
	require.NoError(t, r.Append(records))
	require.NoError(t, r.Close())
}

// A record has everything but secrets, wherever they come from.
func TestRecord(t *testing.T) {
	o := outcome("PROV_1", 3, fmt.Errorf("the device says s3cret-pop: %w", client.ErrPoP))
	o.IP = netip.MustParseAddr("10.0.0.7")
	o.Device.Fields = []batch.Field{{Name: "serial", Value: "7"}, {Name: "api_key", Value: "s3cret-key"}, {Name: "note", Value: "pop s3cret-pop"}, {Name: "none"}}
	r := batch.NewRecord(o, batch.Origin{Shard: "0/4", Station: "A", Fields: []batch.Field{{Name: "operator", Value: "Ann"}}})
	require.Equal(t, `{"device":"PROV_1","row":2,"status":"failed","class":"data","reason":"wrong pop",`+
		`"error":"the device says [hidden]: wrong proof of possession","attempts":1,"ip":"10.0.0.7","ssid":"Home",`+
		`"connect_ms":0,"handshake_ms":0,"configure_ms":0,"join_ms":3000,"total_ms":3000,"started":"2026-03-01T12:00:00Z","ended":"2026-03-01T12:00:03Z",`+
		`"shard":"0/4","station":"A","digest":"`+r.Digest+`","fields":{"note":"pop [hidden]","operator":"Ann","serial":"7"}}`+"\n", string(r.Line()))
}

// The digest changes with what the row says of device and network, and not with secrets,
// on which a report would let others try guesses.
func TestDigest(t *testing.T) {
	d := batch.Device{Name: "PROV_1", SSID: "Home"}
	before := d.Digest()
	d.PoP, d.Password, d.Passphrase, d.Key, d.Row, d.Fields = "a", "b", "c", "d", 7, []batch.Field{{Name: "a", Value: "b"}}
	require.Equal(t, before, d.Digest())
	for _, change := range []func(){
		func() { d.SSID = "Other" }, func() { d.Address = "a" }, func() { d.MAC = "m" }, func() { d.Security = client.Security2 },
		func() { d.Username = "u" }, func() { d.Transport = "ble" }, func() { d.Name = "" },
	} {
		last := d.Digest()
		change()
		require.NotEqual(t, last, d.Digest())
	}
}

// A report is cut anywhere, as by a crash: what was whole before is there, and the next
// batch goes on behind it.
func TestTornReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	appendTo(t, path, outcome("PROV_1", 1, nil), outcome("PROV_2", 2, client.ErrPoP))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	first := bytes.IndexByte(whole, '\n') + 1
	step := long.Stride(t, 7, 1)
	for cut := len(whole); cut >= 0; cut -= step {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		r, err := batch.OpenReport(path)
		require.NoError(t, err, cut)
		done, changed := r.Done(outcome("PROV_1", 0, nil).Device)
		require.Equal(t, cut >= first, done, cut)
		require.False(t, changed)
		done, _ = r.Done(outcome("PROV_2", 0, nil).Device)
		require.False(t, done)
		require.NoError(t, r.Append([]*batch.Record{batch.NewRecord(outcome("PROV_3", 3, nil), batch.Origin{})}))
		require.NoError(t, r.Close())
		x, err := batch.NewIndex(path)
		require.NoError(t, err, cut)
		sum, err := x.Summary()
		require.NoError(t, err)
		x.Close()
		want := 1 // PROV_3
		if cut >= first {
			want++
		}
		require.Equal(t, want, sum.Done, cut)
	}
}

// A report belongs to one batch at a time, and its owner.
func TestReportFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	r, err := batch.OpenReport(path)
	require.NoError(t, err)
	_, err = batch.OpenReport(path)
	require.ErrorIs(t, err, batch.ErrReportInUse)
	require.EqualError(t, err, path+": another batch is at work on this report: wait for its end, or give another --report")
	require.NoError(t, r.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = batch.OpenReport(filepath.Join(path, "x"))
	require.ErrorContains(t, err, path)
}

// After a failure nothing is appended, which would stand behind a torn line.
func TestAppendFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	r, err := batch.OpenReport(path)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	records := []*batch.Record{batch.NewRecord(outcome("PROV_1", 1, nil), batch.Origin{})}
	first := r.Append(records)
	require.ErrorIs(t, first, os.ErrClosed)
	require.Equal(t, first, r.Append(records))
	appendTo(t, path, outcome("PROV_1", 1, nil))
}

// A file that is no report is left as it is.
func TestNoReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	good := string(batch.NewRecord(outcome("PROV_1", 1, nil), batch.Origin{}).Line())
	for text, want := range map[string]string{
		"name,pop\n":               ":1: this is no line of a report of espprov batch: is it the right file?",
		"name":                     ":1: this is no line of a report of espprov batch: is it the right file?",
		good + "{\"devices\":1}\n": ":2: this is no line of a report of espprov batch: is it the right file?",
		good + "{\"device\":\n":    ":2: this line of the report is damaged: remove it, and its device is provisioned again",
		good + "{\"device\":" + strings.Repeat(" ", 3<<20): ": a line is too long for a report: is it the right file?",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := batch.OpenReport(path)
		require.EqualError(t, err, path+want)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(after))
	}
}

// A row that has changed since its device was done is known for it.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	appendTo(t, path, outcome("PROV_1", 1, nil))
	r, err := batch.OpenReport(path)
	require.NoError(t, err)
	defer r.Close()
	d := outcome("PROV_1", 1, nil).Device
	d.SSID = "Other"
	done, changed := r.Done(d)
	require.True(t, done)
	require.True(t, changed)
	require.Equal(t, 1, r.Devices())
}

// The last success counts, in whatever order the files are given, and conflicts are told.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl")
	appendTo(t, a, outcome("PROV_2", 1, client.ErrPoP), outcome("PROV_1", 2, nil), outcome("PROV_3", 5, nil), outcome("PROV_4", 9, client.ErrPoP))
	appendTo(t, b, outcome("PROV_2", 1, nil), outcome("PROV_1", 9, client.ErrUnreachable), outcome("PROV_3", 4, nil), outcome("PROV_4", 8, client.ErrUnreachable))
	for _, order := range [][]string{{a, b}, {b, a}} {
		x, err := batch.NewIndex(order...)
		require.NoError(t, err)
		var got []string
		require.NoError(t, x.Each(func(r *batch.Record) error {
			got = append(got, fmt.Sprintf("%s %s %d %s", r.Device, r.Status, r.Total/1000, r.Reason))
			return nil
		}))
		require.Equal(t, []string{"PROV_1 done 2 ", "PROV_2 done 1 ", "PROV_3 done 5 ", "PROV_4 failed 9 wrong pop"}, got)
		require.Len(t, x.Conflicts, 1)
		require.Contains(t, x.Conflicts[0], "PROV_3 was done at ")
		x.Close()
	}
	_, err := batch.NewIndex(a, filepath.Join(dir, "c.jsonl"))
	require.EqualError(t, err, filepath.Join(dir, "c.jsonl")+": there is no such file")
}

// Bad rows of several files are several.
func TestMergeBadRows(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl")}
	for _, path := range paths {
		appendTo(t, path, outcome("", 0, &batch.RowError{File: "f", Row: 2, Text: "wrong"}))
	}
	x, err := batch.NewIndex(paths...)
	require.NoError(t, err)
	defer x.Close()
	sum, err := x.Summary()
	require.NoError(t, err)
	require.Equal(t, map[batch.Reason]int{batch.BadRow: 2}, sum.Reasons)
}

func TestSummary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	var all []*batch.Outcome
	for i := range 100 {
		all = append(all, outcome(fmt.Sprintf("PROV_%d", i), i+1, nil))
	}
	all[7].Attempts = 2
	all = append(all, outcome("X", 1, client.ErrPoP), outcome("Y", 1, errors.New("?")))
	appendTo(t, path, all...)
	x, err := batch.NewIndex(path)
	require.NoError(t, err)
	defer x.Close()
	sum, err := x.Summary()
	require.NoError(t, err)
	require.Equal(t, batch.Totals{Done: 100, Failed: 2}, sum.Totals)
	require.Equal(t, map[batch.Reason]int{batch.WrongPoP: 1, batch.Other: 1}, sum.Reasons)
	require.Equal(t, 1, sum.Again)
	require.Equal(t, batch.Percentiles{Name: "join", P50: 50_000, P90: 90_000, P99: 99_000, Most: 100_000}, sum.Times[3])
	require.Equal(t, noon, sum.From)
	require.Equal(t, noon.Add(100*time.Second), sum.To)
}

func TestCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	o := outcome("PROV_1", 1, nil)
	o.IP, o.Device.Fields = netip.MustParseAddr("10.0.0.7"), []batch.Field{{Name: "lot", Value: "a, b"}}
	appendTo(t, path, o, outcome("PROV_2", 2, client.ErrPoP))
	x, err := batch.NewIndex(path)
	require.NoError(t, err)
	defer x.Close()
	var out bytes.Buffer
	require.NoError(t, x.WriteCSV(&out))
	require.Equal(t, `device,row,status,class,reason,error,attempts,ip,ssid,mac,connect_ms,handshake_ms,configure_ms,join_ms,total_ms,started,ended,shard,station,lot
PROV_1,2,done,,,,1,10.0.0.7,Home,,0,0,0,1000,1000,2026-03-01T12:00:00Z,2026-03-01T12:00:01Z,,,"a, b"
PROV_2,2,failed,data,wrong pop,wrong proof of possession,1,,Home,,0,0,0,2000,2000,2026-03-01T12:00:00Z,2026-03-01T12:00:02Z,,,
`, out.String())
	require.Error(t, x.WriteCSV(failing{}))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

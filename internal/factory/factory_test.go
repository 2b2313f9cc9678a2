// SPDX-License-Identifier: Apache-2.0

package factory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/factory"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec2"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

const template = `key,type,encoding,value
fctry,namespace,,
serial,data,string,{serial}
pop,data,string,{random:pop}
sec2_salt,data,hex2bin,{sec2.salt:pop}
sec2_verifier,data,hex2bin,{sec2.verifier:pop}
nvs.net80211,namespace,,
opmode,data,u8,1
sta.ssid,data,blob_sz_fill(32;0x00),Hall
sta.pswd,data,blob_fill(64;0x00),{passphrase}
`

// devices returns a list of n devices.
func devices(n int) string {
	var b strings.Builder
	b.WriteString("serial,passphrase\n")
	for i := range n {
		fmt.Fprintf(&b, "SN-%d,passphrase %d\n", i, i)
	}
	return b.String()
}

// newJob returns a job for a list in a folder of its own.
func newJob(t testing.TB, template, list string) *factory.Job {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "devices.csv")
	require.NoError(t, os.WriteFile(path, []byte(list), 0o600))
	tmpl, err := nvsgen.ParseTemplate(nvsgen.File{Name: "template.csv", Text: []byte(template)})
	require.NoError(t, err)
	return &factory.Job{Template: tmpl, List: path, Folder: filepath.Join(dir, "out"), ID: "serial", Options: nvsgen.Options{Size: 0x4000},
		DeviceKeys: true, Username: "wifiprov", Write: write}
}

func write(path string, b []byte) error {
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// open opens the image of a device with its own keys.
func open(t testing.TB, j *factory.Job, name string) *nvs.Partition {
	t.Helper()
	image, err := os.ReadFile(filepath.Join(j.Folder, "bin", name+".bin"))
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(j.Folder, "keys", "keys-"+name+".bin"))
	require.NoError(t, err)
	keys, err := nvs.ParseKeys(b)
	require.NoError(t, err)
	p, err := nvs.Open(flash.FromBytes(image), nvs.Options{Keys: keys})
	require.NoError(t, err)
	return p
}

// A phone that knows the pop gets a session with a device that has the image's salt and
// verifier, and the Wi-Fi driver finds its network. No two devices have the same pop.
func TestDevicesWork(t *testing.T) {
	j := newJob(t, template, devices(3))
	sum, err := j.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, factory.Summary{Devices: 3, Made: 3}, sum)
	pops := map[string]bool{}
	for i := range 3 {
		p := open(t, j, fmt.Sprintf("SN-%d", i))
		pop, err := store.Text(p, "fctry", "pop")
		require.NoError(t, err)
		require.Regexp(t, "^[2-9a-hjkmnp-z]{8}$", pop)
		pops[pop] = true
		salt, err := p.Get(nil, "fctry", "sec2_salt", store.TypeBlob)
		require.NoError(t, err)
		verifier, err := p.Get(nil, "fctry", "sec2_verifier", store.TypeBlob)
		require.NoError(t, err)
		require.True(t, handshake(t, salt, verifier, pop))
		require.False(t, handshake(t, salt, verifier, pop+"x"))
		s, err := wifistore.Load(p)
		require.NoError(t, err)
		require.Equal(t, "Hall", string(s.SSID))
		require.Equal(t, fmt.Sprintf("passphrase %d", i), string(s.Passphrase))
	}
	require.Len(t, pops, 3)
}

func handshake(t *testing.T, salt, verifier []byte, password string) bool {
	t.Helper()
	device, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier})
	require.NoError(t, err)
	session, err := device.NewSession()
	require.NoError(t, err)
	client, err := sec2.NewClient(sec2.ClientConfig{Username: "wifiprov", Password: security.Secret(password), PatchVersion: device.PatchVersion()})
	require.NoError(t, err)
	var resp []byte
	for {
		req, done, err := client.Step(resp)
		require.NoError(t, err)
		if done {
			return session.Established()
		}
		if resp, err = session.Handshake(nil, req); err != nil {
			return false
		}
	}
}

var errCut = errors.New("the disk is full")

// A run that ends at any of its writes is resumed to what an uninterrupted one makes:
// every device once, none that was finished made anew.
func TestEveryCut(t *testing.T) {
	const n = 4
	for cut := range 2*n + 1 {
		j := newJob(t, template, devices(n))
		var writes atomic.Int64
		j.Write = func(path string, b []byte) error {
			if int(writes.Add(1)) > cut {
				return errCut
			}
			return write(path, b)
		}
		_, err := j.Run(t.Context())
		if cut == 2*n {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, errCut)
			require.ErrorIs(t, err, factory.ErrNotFinished)
		}
		finished := contents(t, j)
		checkAll(t, j, n)
		after := contents(t, j)
		for name, b := range finished {
			require.Equal(t, b, after[name], "cut %d: %s was finished", cut, name)
		}
	}
}

// contents returns the images of the devices in the report.
func contents(t *testing.T, j *factory.Job) map[string]string {
	t.Helper()
	report, err := os.ReadFile(filepath.Join(j.Folder, "report.csv"))
	require.NoError(t, err)
	all := map[string]string{}
	for _, row := range strings.Split(strings.TrimSpace(string(report)), "\n")[1:] {
		name, _, _ := strings.Cut(row, ",")
		b, err := os.ReadFile(filepath.Join(j.Folder, "bin", name+".bin"))
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// checkAll resumes a job, and checks what there is then.
func checkAll(t *testing.T, j *factory.Job, n int) {
	t.Helper()
	j.Resume, j.Write = true, write
	sum, err := j.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, n, sum.Made+sum.Before)
	require.Len(t, contents(t, j), n)
	lines, err := os.ReadFile(filepath.Join(j.Folder, "report.jsonl"))
	require.NoError(t, err)
	require.Equal(t, n, bytes.Count(lines, []byte("\n")))
	for i := range n {
		got, err := store.Text(open(t, j, fmt.Sprintf("SN-%d", i)), "fctry", "serial")
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("SN-%d", i), got)
	}
	for _, folder := range []string{"bin", "keys"} {
		files, err := os.ReadDir(filepath.Join(j.Folder, folder))
		require.NoError(t, err)
		require.Len(t, files, n)
	}
}

// A run that was killed inside a write of the report is resumed, too.
func TestReportCutAnywhere(t *testing.T) {
	j := newJob(t, strings.Split(template, "sec2_salt")[0], devices(3))
	_, err := j.Run(t.Context())
	require.NoError(t, err)
	path := filepath.Join(j.Folder, "report.jsonl")
	for n := 0; ; n += 7 {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		if n >= len(whole) {
			break
		}
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		checkAll(t, j, 3)
	}
}

// The context ends a run, and the run can be resumed.
func TestInterrupted(t *testing.T) {
	j := newJob(t, template, devices(10))
	ctx, cancel := context.WithCancel(t.Context())
	j.Done = func(r factory.Record) error {
		if r.ID == "SN-2" {
			cancel()
		}
		return nil
	}
	sum, err := j.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, factory.ErrNotFinished)
	require.Equal(t, 3, sum.Made)
	j.Done = nil
	checkAll(t, j, 10)
}

// An image that is not on the disk as it was made ends the run.
func TestReadBack(t *testing.T) {
	j := newJob(t, template, devices(2))
	j.DeviceKeys = false
	j.Write = func(path string, b []byte) error {
		b = bytes.Clone(b)
		copy(b[nvsEntry(1)+32:], "SM-0") // data of the serial number
		return write(path, b)
	}
	_, err := j.Run(t.Context())
	require.ErrorContains(t, err, "devices.csv, line 2: "+filepath.Join(j.Folder, "bin", "SN-0.bin")+": the image is not what was asked for: fctry/serial")
}

// nvsEntry is where an entry of the first sector lies.
func nvsEntry(n int) int { return 64 + 32*n }

// Of many wrong rows the first hundred are told, and all are counted.
func TestManyProblems(t *testing.T) {
	j := newJob(t, template, "serial,passphrase\n"+strings.Repeat("same,x\n", 252))
	_, err := j.Check(t.Context())
	var p *factory.Problems
	require.ErrorAs(t, err, &p)
	require.Len(t, p.Found, 100)
	require.Equal(t, 251, p.Count)
	require.ErrorContains(t, err, "251 problems, the first 100 of which are shown: nothing was written")
	require.Equal(t, "line 3, column 1: same has the same name as the device in line 2: give each device its own", p.Found[0].String())
}

// Nothing of a row that looks like a secret is in a problem.
func TestProblemsHideSecrets(t *testing.T) {
	j := newJob(t, "key,type,encoding,value\napp,namespace,,\nn,data,u8,{pin}\nm,data,hex2bin,{pin}\n", "serial,pin\n1,5ecre7\n")
	_, err := j.Check(t.Context())
	var p *factory.Problems
	require.ErrorAs(t, err, &p)
	require.NotContains(t, fmt.Sprint(p.Found), "5ecre7")
}

// BenchmarkRun makes images with verifiers and keys of their own; an operation is one
// device. The files are not synced, as the command does.
func BenchmarkRun(b *testing.B) {
	j := newJob(b, template, devices(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	_, err := j.Run(b.Context())
	require.NoError(b, err)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

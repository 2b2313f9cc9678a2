// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
	"github.com/wifiprov/wifiprov/internal/test/cyw43test"
)

// open returns a board with the true driver and a simulated chip, in an air with a
// network. Real time passes: the driver sleeps with a lock held, so no bubble would ever
// come to rest.
func open(t *testing.T) (*Board, *registers, *sim.AP) {
	t.Helper()
	air := sim.NewAir(sim.AirConfig{})
	home, err := air.AddAP(sim.APConfig{SSID: "HomeNet", Passphrase: "secretpass", Auth: hal.AuthWPA2PSK, RSSI: -40, Channel: 6})
	check(t, err)
	chip, err := cyw43test.NewChip(air)
	check(t, err)
	t.Cleanup(func() {
		chip.Close()
		if misuse := chip.Misuse(); misuse != "" {
			t.Error(misuse)
		}
	})
	r := newRegisters(chip)
	return newBoard(Config{}, r.power, func(bool) {}, r), r, home
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ends(t *testing.T, err error, want hal.Reason) {
	t.Helper()
	var ended tinygo.JoinError
	if !errors.As(err, &ended) || hal.Reason(ended) != want {
		t.Fatalf("%v, want reason %d", err, want)
	}
}

// The true driver loads its firmware, and the Bus gets along with it: a scan, attempts
// that fail each in its way, one that is ended, a link, its loss.
func TestTrueDriver(t *testing.T) {
	b, _, home := open(t)
	d := b.Driver()
	check(t, d.Enable())
	if err := d.Enable(); err != tinygo.ErrEnabled {
		t.Fatal(err)
	}
	found, err := d.Scan()
	check(t, err)
	if !slices.Equal(found, []hal.AccessPoint{home.Info()}) {
		t.Fatal(found)
	}
	ends(t, d.Connect("HomeNet", "wrongpass"), hal.Reason4WayHandshakeTimeout)
	ends(t, d.Connect("Nowhere", ""), hal.ReasonNoAPFound)

	slow := home.Config()
	slow.JoinTime = 9 * time.Second
	check(t, home.Configure(slow))
	began := time.Now()
	time.AfterFunc(2*time.Second, func() { _ = d.Disconnect() })
	if err := d.Connect("HomeNet", "secretpass"); err == nil || time.Since(began) > 4*time.Second {
		t.Fatal(err, time.Since(began))
	}
	slow.JoinTime = 0
	check(t, home.Configure(slow))

	check(t, d.Connect("HomeNet", "secretpass"))
	link, err := d.Link()
	check(t, err)
	want := home.Info()
	want.SSID, want.Auth = "", tinygo.AuthUnknown
	if link != want {
		t.Fatal(link, want)
	}
	check(t, d.Disconnect())
	if _, err := d.Link(); err != hal.ErrNotConnected || home.Stations() != 0 {
		t.Fatal(err, home.Stations())
	}
	check(t, d.Connect("HomeNet", "secretpass"))
	home.Kick(hal.ReasonAuthLeave)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, err := d.Link()
		if err == hal.ErrNotConnected {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the lost link is not noticed: ", err)
		}
	}
}

// The true driver opens an access point, and sends nothing through it. If that changes,
// there can be a SoftAP.
func TestTrueDriverHasNoSoftAP(t *testing.T) {
	b, _, _ := open(t)
	check(t, b.Enable())
	check(t, b.dev.StartAP("PROV", "", 1))
	if err := b.dev.SendEth(make([]byte, 60)); err == nil {
		t.Fatal("it sends")
	}
}

// Packets of the Bluetooth controller go through the true driver's rings.
func TestTrueDriverBluetooth(t *testing.T) {
	b, r, _ := open(t)
	vhci, err := b.Bluetooth(nil)
	check(t, err)
	defer vhci.Close()
	var mu sync.Mutex
	var got [][]byte
	vhci.SetReceiver(func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, slices.Clone(p))
	})
	check(t, vhci.Send([]byte{1, 3, 0x0c, 0})) // Reset
	event := []byte{4, 0x0e, 4, 1, 3, 0x0c, 0}
	r.mu.Lock()
	for i, want := range []byte{4, 0, 0, 1, 3, 0x0c, 0} {
		if have := *r.at(btMemory + uint32(i)); have != want {
			t.Errorf("byte %d is %d", i, have)
		}
	}
	if r.peek(hostIn) != 8 {
		t.Error(r.peek(hostIn))
	}
	for i, v := range append([]byte{byte(len(event) - 1), 0, 0}, event...) {
		*r.at(btMemory + 0x1000 + uint32(i)) = v
	}
	r.poke(btIn, 12)
	r.mu.Unlock()
	taken := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.peek(btOut) == 12
	}
	for end := time.Now().Add(10 * time.Second); !taken() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 1 || !slices.Equal(got[0], event) {
		t.Fatal(got)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peek(btOut) != 12 {
		t.Fatal(r.peek(btOut))
	}
}

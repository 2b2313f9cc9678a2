// SPDX-License-Identifier: Apache-2.0

package chip

import (
	"encoding/binary"
	"testing"

	"github.com/wifiprov/wifiprov/hal"
)

// router answers DHCP and ARP on a chip's network.
type router struct{ chip *registers }

var (
	routerMAC = [6]byte{2, 0, 0, 0, 0, 1}
	routerIP  = [4]byte{192, 168, 1, 1}
	leased    = [4]byte{192, 168, 1, 50}
)

// Of frames: Ethernet, then ARP, or IPv4, UDP and DHCP.
const (
	inEther = 14
	inIP    = inEther + 20
	inDHCP  = inIP + 8
	options = 240 // of DHCP
)

func (r router) frame(f []byte) {
	switch binary.BigEndian.Uint16(f[12:]) {
	case 0x0806:
		r.arp(f)
	case 0x0800:
		if f[inEther+9] == 17 && binary.BigEndian.Uint16(f[inIP+2:]) == 67 {
			r.dhcp(f[inDHCP:], f[6:12])
		}
	}
}

func (r router) arp(f []byte) {
	q := f[inEther:]
	if [4]byte(q[24:28]) != routerIP {
		return
	}
	a := ether(f[6:12], 0x0806)
	a = append(a, 0, 1, 8, 0, 6, 4, 0, 2)
	a = append(append(a, routerMAC[:]...), routerIP[:]...)
	r.chip.Frame(append(a, q[8:18]...))
}

func (r router) dhcp(q, client []byte) {
	answer := byte(2) // offer
	for o := q[options:]; len(o) > 2 && o[0] != 255; o = o[2+o[1]:] {
		if o[0] == 53 && o[2] == 3 { // request
			answer = 5
		}
	}
	d := make([]byte, options)
	copy(d, q[:28])
	d[0] = 2
	copy(d[16:], leased[:])
	copy(d[20:], routerIP[:])
	copy(d[28:], q[28:44])
	copy(d[236:], []byte{99, 130, 83, 99})
	d = append(d, 53, 1, answer)
	d = append(append(d, 54, 4), routerIP[:]...)
	d = append(d, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0)
	d = append(append(d, 3, 4), routerIP[:]...)
	d = append(d, 6, 4, 9, 9, 9, 9, 255)

	udp := binary.BigEndian.AppendUint16(nil, 67)
	udp = binary.BigEndian.AppendUint16(udp, 68)
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(d)))
	udp = append(append(udp, 0, 0), d...)
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0}
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(udp)))
	ip = append(append(ip, routerIP[:]...), leased[:]...)
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	pseudo := append(append([]byte(nil), ip[12:]...), 0, 17, udp[4], udp[5])
	binary.BigEndian.PutUint16(udp[6:], checksum(append(pseudo, udp...)))
	r.chip.Frame(append(append(ether(client, 0x0800), ip...), udp...))
}

func checksum(p []byte) uint16 {
	var sum uint32
	for i, b := range p {
		sum += uint32(b) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

func ether(to []byte, kind uint16) []byte {
	f := append(append([]byte(nil), to...), routerMAC[:]...)
	return binary.BigEndian.AppendUint16(f, kind)
}

// The true stack gets an address through the true driver, again after a loss, and none
// where nobody gives one.
func TestTrueStack(t *testing.T) {
	b, r, home := open(t)
	r.OnFrame = router{r}.frame
	d := b.Driver()
	check(t, d.Enable())
	for range 2 {
		check(t, d.Connect("HomeNet", "secretpass"))
		cfg, err := d.Address()
		check(t, err)
		if want := (hal.IPConfig{Address: leased, Netmask: hal.IPv4{255, 255, 255, 0}, Gateway: routerIP, DNS: hal.IPv4{9, 9, 9, 9}}); cfg != want {
			t.Fatal(cfg)
		}
		if b.Stack() == nil {
			t.Fatal("no stack")
		}
		check(t, d.Disconnect())
		if b.Stack() != nil || home.Stations() != 0 {
			t.Fatal("it goes on")
		}
	}
	if _, err := d.Address(); err != hal.ErrNotConnected {
		t.Fatal(err)
	}
}

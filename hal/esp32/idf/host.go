// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf

/*
#cgo CFLAGS: -I${SRCDIR}/component/wifiprov -I${SRCDIR}/idftest/idf/include -I${SRCDIR}/idftest/idf -Wall
#cgo LDFLAGS: -lpthread
#include <stdlib.h>
#include "double.h"
*/
import "C"

import (
	"embed"
	"net/netip"
	"sync"
	"time"
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
)

// Chip carries out ESP-IDF's calls on a host; package idftest implements it. Codes are
// those of ESP-IDF, 0 is success. It exists on hosts only.
type Chip interface {
	// Enter is told the name of each call before the call is made. If it
	// returns a code, the call fails and does nothing.
	Enter(call string) (code int32)
	// Memory counts pieces of heap memory.
	Memory(change int)
	// Freed gets the content of memory that is given back.
	Freed(content []byte)
	// Log takes a line of ESP-IDF's log.
	Log(level int, line string)
	Random(buf []byte)
	Time() time.Duration // since boot

	SemCreate() uintptr
	SemTake(s uintptr, timeout time.Duration) bool
	SemGive(s uintptr) bool
	SemDelete(s uintptr)

	NVSInit() int32
	LoopCreate() int32

	WiFiInit() int32
	WiFiDeinit() int32
	SetMode(hal.Mode) int32
	Mode() (hal.Mode, bool) // false: not initialised
	WiFiStart() int32
	WiFiStop() int32
	WiFiRestore() int32
	WiFiConnect() int32
	WiFiDisconnect() int32
	SetStorage(hal.Storage) int32
	SetStation(hal.StationConfig) int32
	Station() (hal.StationConfig, int32)
	SetAP(hal.SoftAPConfig) int32
	BandMode() int32     // WIFI_BAND_MODE_…
	CountryMask() uint32 // of the channels of 5 GHz
	ScanStart(hal.ScanConfig) int32
	ScanStop() int32
	Scanned() ([]hal.AccessPoint, bool) // false: not started
	ScanForget()
	AP() (hal.AccessPoint, int32)
	Channel() uint8
	IP() hal.IPConfig

	BTStep(from, to int) int32 // 0 idle, 1 initialised, 2 enabled
	BTStatus() int
	BTRelease(mode int) int32
	BTRoom() bool
	BTSend(packet []byte)

	HTTPStart(port uint16, sockets int, purge bool) int32
	HTTPStop() int32
	Receive(request int, buf []byte) int
	Header(request int, field string) string
	Peer(fd int) (ip netip.Addr, scope int) // of a connection; the zero address: unknown
	Answer(request int, status, contentType, field, value string, body []byte) int32
}

// sources makes the go command notice changes of files that the C files here include
// from other folders.
//
//go:embed component/wifiprov/*.c component/wifiprov/*.h idftest/idf
var sources embed.FS

var _ = sources

var host struct {
	mu   sync.RWMutex
	chip Chip
}

// SetChip sets the chip of the host, and resets ESP-IDF's state; nil: no chip.
func SetChip(c Chip) {
	host.mu.Lock()
	defer host.mu.Unlock()
	host.chip = c
	C.dbl_forget_registrations()
	C.dbl_forget_netifs()
}

func theChip() Chip {
	host.mu.RLock()
	defer host.mu.RUnlock()
	return host.chip
}

// Registered returns how many event handlers and network interfaces there are.
func Registered() (handlers, netifs int) { return int(C.dbl_registrations()), int(C.dbl_netifs()) }

// Kinds of events that a chip posts.
const (
	PostStationStart = C.DBL_STA_START
	PostStationStop  = C.DBL_STA_STOP
	PostConnected    = C.DBL_STA_CONNECTED
	PostDisconnected = C.DBL_STA_DISCONNECTED
	PostScanDone     = C.DBL_SCAN_DONE
	PostGotIP        = C.DBL_GOT_IP
	PostLostIP       = C.DBL_LOST_IP
)

// Post posts an event to ESP-IDF's default loop. It ignores e.Kind.
func Post(kind int, e hal.Event, ap hal.AccessPoint) {
	var c C.dbl_event
	c.kind = C.int32_t(kind)
	if e.ScanFailed {
		c.failed = 1
	}
	c.reason, c.rssi = C.uint8_t(e.Reason), C.int8_t(ap.RSSI)
	c.channel, c.auth = C.uint8_t(ap.Channel), C.uint8_t(ap.Auth)
	c.ssid_len = C.uint8_t(fill(c.ssid[:], string(ap.SSID)))
	fill(c.bssid[:], string(ap.BSSID[:]))
	fill(c.ip[:], string(e.IP[:]))
	C.dbl_post(&c)
}

func fill(dst []C.uint8_t, s string) int {
	for i := range len(s) {
		dst[i] = C.uint8_t(s[i])
	}
	return len(s)
}

// Packet hands over a packet from the Bluetooth controller.
func Packet(p []byte) {
	c := C.CBytes(p)
	defer C.free(c)
	C.dbl_packet((*C.uint8_t)(c), C.int32_t(len(p)))
}

// Room tells that the Bluetooth controller takes packets again.
func Room() { C.dbl_room() }

// Session is ESP-IDF's state for a connection.
type Session struct{ c C.dbl_session }

// Serve hands over a request, in the server's task, and returns a code.
func Serve(request, conn, method int, uri string, length int64, s *Session) int32 {
	c := C.CString(uri)
	defer C.free(unsafe.Pointer(c))
	session := s.c
	code := C.dbl_serve(C.int32_t(request), C.int32_t(conn), C.int32_t(method), c, C.int64_t(length), &session)
	s.c = session
	return int32(code)
}

// EndSession tells that the connection is closed.
func EndSession(s *Session) {
	session := s.c
	C.dbl_end_session(&session)
	s.c = session
}

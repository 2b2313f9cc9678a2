// SPDX-License-Identifier: Apache-2.0

//go:build espidf

package idf

// #include "component/wifiprov/wifiprov_idf.h"
import "C"

import (
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm/httpd/httpserver"
)

// native has the structs that the C half fills in, so that taking an entry from a queue
// allocates no memory. It belongs to the task that pumps.
type native struct {
	event   C.wp_event
	request C.wp_http_request
}

// check turns a result into an error.
func check(r C.wp_result) error {
	if r == 0 {
		return nil
	}
	return &Error{Call: C.GoString(C.wp_call_name(C.int32_t(r >> 32))), Code: int32(r)}
}

func nativeOpen() error  { return check(C.wp_open()) }
func nativeClose() error { return check(C.wp_close()) }
func nativeWake()        { C.wp_wake() }
func nativeWait(millis int32) {
	C.wp_wait(C.int32_t(millis))
}

// nativeLost returns how many events and packets found no room since the last call.
func nativeLost() (events, packets int) {
	lost := uint32(C.wp_lost())
	return int(lost >> 16), int(lost & 0xFFFF)
}

// Kinds of native events.
const (
	staStart        = uint8(C.WP_STA_START)
	staStop         = uint8(C.WP_STA_STOP)
	staConnected    = uint8(C.WP_STA_CONNECTED)
	staDisconnected = uint8(C.WP_STA_DISCONNECTED)
	scanDone        = uint8(C.WP_SCAN_DONE)
	gotIP           = uint8(C.WP_GOT_IP)
	lostIP          = uint8(C.WP_LOST_IP)
)

// event is an entry of the queue.
type event struct {
	kind   uint8
	failed bool
	reason hal.Reason
	ap     hal.AccessPoint // without its SSID
	ip     hal.IPv4
	number uint32
}

// next takes an event from the queue.
func (n *native) next() (event, bool) {
	if C.wp_next_event(&n.event) == 0 {
		return event{}, false
	}
	e := &n.event
	out := event{
		kind: uint8(e.kind), failed: e.failed != 0, reason: hal.Reason(e.reason), number: uint32(e.number),
		ap: hal.AccessPoint{Channel: uint8(e.channel), RSSI: int8(e.rssi), Auth: hal.AuthMode(e.auth)},
	}
	for i := range out.ap.BSSID {
		out.ap.BSSID[i] = byte(e.bssid[i])
	}
	out.ip = ipv4(&e.ip)
	return out, true
}

// isSSID compares s with the SSID of the event taken last.
func (n *native) isSSID(s hal.SSID) bool {
	if len(s) != int(n.event.ssid_len) {
		return false
	}
	for i := range len(s) {
		if s[i] != byte(n.event.ssid[i]) {
			return false
		}
	}
	return true
}

// ssid returns the SSID of the event taken last.
func (n *native) ssid() hal.SSID { return hal.SSID(text(n.event.ssid[:n.event.ssid_len])) }

func nativeEventNumber() uint32 { return uint32(C.wp_event_number()) }

func text(b []C.uint8_t) string {
	var buf [64]byte
	for i := range b {
		buf[i] = byte(b[i])
	}
	return string(buf[:len(b)])
}

func ipv4(b *[4]C.uint8_t) hal.IPv4 {
	return hal.IPv4{byte(b[0]), byte(b[1]), byte(b[2]), byte(b[3])}
}

// put copies text to a field and returns its length.
func put(dst []C.uint8_t, s string) C.uint8_t {
	for i := range len(s) {
		dst[i] = C.uint8_t(s[i])
	}
	return C.uint8_t(len(s))
}

func nativeSetMode(m hal.Mode) error { return check(C.wp_set_mode(C.int32_t(m))) }
func nativeStart() error             { return check(C.wp_start()) }
func nativeRestore() error           { return check(C.wp_restore()) }
func nativeConnect() error           { return check(C.wp_connect()) }
func nativeDisconnect() error        { return check(C.wp_disconnect()) }
func nativeScanStop() error          { return check(C.wp_scan_stop()) }
func nativeSetStorage(s hal.Storage) error {
	return check(C.wp_set_storage(C.int32_t(s)))
}

func nativeSetStation(cfg *hal.StationConfig) error {
	var c C.wp_station
	c.ssid_len = put(c.ssid[:], string(cfg.SSID))
	c.password_len = put(c.password[:], string(cfg.Passphrase))
	c.scan_method = C.uint8_t(cfg.ScanMethod)
	c.channel = C.uint8_t(cfg.Channel)
	c.auth = C.uint8_t(cfg.MinAuth)
	if cfg.BSSIDSet {
		c.bssid_set = 1
	}
	put(c.bssid[:], string(cfg.BSSID[:]))
	err := check(C.wp_set_station(&c))
	c = C.wp_station{}
	return err
}

func nativeStation() (hal.StationConfig, error) {
	var c C.wp_station
	if err := check(C.wp_get_station(&c)); err != nil {
		return hal.StationConfig{}, err
	}
	cfg := hal.StationConfig{
		SSID:       hal.SSID(text(c.ssid[:c.ssid_len])),
		Passphrase: hal.Secret(text(c.password[:c.password_len])),
		ScanMethod: hal.ScanMethod(c.scan_method),
		BSSIDSet:   c.bssid_set != 0,
		Channel:    uint8(c.channel),
		MinAuth:    hal.AuthMode(c.auth),
	}
	if cfg.BSSIDSet {
		cfg.BSSID = bssid(&c.bssid)
	}
	c = C.wp_station{}
	return cfg, nil
}

func bssid(b *[6]C.uint8_t) (out hal.BSSID) {
	for i := range out {
		out[i] = byte(b[i])
	}
	return out
}

func accessPoint(c *C.wp_ap) hal.AccessPoint {
	return hal.AccessPoint{
		SSID: hal.SSID(text(c.ssid[:c.ssid_len])), BSSID: bssid(&c.bssid),
		Channel: uint8(c.channel), RSSI: int8(c.rssi), Auth: hal.AuthMode(c.auth),
	}
}

func nativeScanStart(cfg hal.ScanConfig) error {
	passive := C.int32_t(0)
	if cfg.Passive {
		passive = 1
	}
	return check(C.wp_scan_start(C.int32_t(cfg.Channel), passive, C.uint32_t(cfg.PeriodMillis)))
}

// nativeScanBands returns the bits of wp_scan_bands.
func nativeScanBands() uint32 { return uint32(C.wp_scan_bands()) }

// nativeScanResults asks the driver for results even if dst is empty, since the driver
// keeps them in memory until it is asked.
func nativeScanResults(dst []hal.AccessPoint) (int, error) {
	list := make([]C.wp_ap, len(dst)+1)
	n := C.int32_t(len(dst))
	if err := check(C.wp_scan_results(&list[0], &n)); err != nil {
		return 0, err
	}
	for i := range int(n) {
		dst[i] = accessPoint(&list[i])
	}
	return int(n), nil
}

func nativeLink() (hal.AccessPoint, error) {
	var c C.wp_ap
	if err := check(C.wp_link(&c)); err != nil {
		return hal.AccessPoint{}, err
	}
	return accessPoint(&c), nil
}

func nativeIPConfig() (hal.IPConfig, error) {
	var c C.wp_ip
	if err := check(C.wp_ip_config(&c)); err != nil {
		return hal.IPConfig{}, err
	}
	return hal.IPConfig{Address: ipv4(&c.address), Netmask: ipv4(&c.netmask), Gateway: ipv4(&c.gateway), DNS: ipv4(&c.dns)}, nil
}

func nativeSoftAPStart(cfg *hal.SoftAPConfig, s hal.Storage) error {
	var c C.wp_softap
	c.ssid_len = put(c.ssid[:], string(cfg.SSID))
	c.key_len = put(c.key[:], string(cfg.Key))
	c.auth = C.uint8_t(cfg.Auth)
	c.channel = C.uint8_t(cfg.Channel)
	c.max_stations = C.uint8_t(cfg.MaxStations)
	err := check(C.wp_softap_start(&c, C.int32_t(s)))
	c = C.wp_softap{}
	return err
}

func nativeSoftAPStop(s hal.Storage) error { return check(C.wp_softap_stop(C.int32_t(s))) }

func nativeHTTPStart(port uint16) error { return check(C.wp_http_start(C.int32_t(port))) }
func nativeHTTPStop() error             { return check(C.wp_http_stop()) }
func nativeHTTPClosed() int             { return int(C.wp_http_closed()) }

// nextRequest takes a request, whose slices are memory of the C half.
func (n *native) nextRequest(r *httpserver.Request) bool {
	if C.wp_http_next(&n.request) == 0 {
		return false
	}
	c := &n.request
	*r = httpserver.Request{
		Conn: int(c.conn), Post: c.post != 0,
		Path:   slice(c.path, c.path_len),
		Cookie: slice(c.cookie, c.cookie_len),
		Remote: slice(c.remote, c.remote_len),
		Host:   slice(c.host, c.host_len),
		Origin: slice(c.origin, c.origin_len),
		Site:   slice(c.site, c.site_len),
		Body:   slice(c.body, c.body_len),
	}
	return true
}

func slice(p *C.uint8_t, n C.int32_t) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n)) }

// slot identifies the request taken last, for its answer.
func (n *native) slot() unsafe.Pointer { return n.request.slot }

func nativeAnswer(slot unsafe.Pointer, a *httpserver.Answer) {
	end := C.int32_t(0)
	if a.Close {
		end = 1
	}
	C.wp_http_answer(slot, C.int32_t(a.Status), bytes(a.Cookie), C.int32_t(len(a.Cookie)),
		bytes(a.Body), C.int32_t(len(a.Body)), end)
}

func bytes(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(b))) }

func nativeBTOpen() error             { return check(C.wp_bt_open()) }
func nativeBTClose() error            { return check(C.wp_bt_close()) }
func nativeBTIsOpen() bool            { return C.wp_bt_is_open() != 0 }
func nativeBTNext(buf []byte) int     { return int(C.wp_bt_next(bytes(buf), C.int32_t(len(buf)))) }
func nativeBTRelease(parts int) error { return check(C.wp_bt_release(C.int32_t(parts))) }
func nativeBTSend(packet []byte, millis int32) error {
	return check(C.wp_bt_send(bytes(packet), C.int32_t(len(packet)), C.int32_t(millis)))
}

func nativeTime() int64       { return int64(C.wp_time_us()) }
func nativeRandom(buf []byte) { C.wp_random(bytes(buf), C.int32_t(len(buf))) }
func nativeLog(level int32, text []byte) {
	C.wp_log(C.int32_t(level), bytes(text), C.int32_t(len(text)))
}

// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package idf

/*
#include "double.h"
*/
import "C"

import (
	"time"
	"unsafe"

	"github.com/wifiprov/wifiprov/hal"
)

// The calls of ESP-IDF, as they arrive from C.

func ticks(n C.uint32_t) time.Duration { return time.Duration(n) * time.Millisecond }

//export idfEnter
func idfEnter(call *C.char) C.int32_t { return C.int32_t(theChip().Enter(C.GoString(call))) }

//export idfMemory
func idfMemory(change C.int32_t) { theChip().Memory(int(change)) }

//export idfFreed
func idfFreed(p unsafe.Pointer, n C.size_t) { theChip().Freed(unsafe.Slice((*byte)(p), int(n))) }

//export idfLog
func idfLog(level C.int32_t, line *C.char) { theChip().Log(int(level), C.GoString(line)) }

//export idfRandom
func idfRandom(buf unsafe.Pointer, n C.size_t) { theChip().Random(unsafe.Slice((*byte)(buf), int(n))) }

//export idfTime
func idfTime() C.int64_t { return C.int64_t(theChip().Time() / time.Microsecond) }

//export idfSemCreate
func idfSemCreate() C.uintptr_t { return C.uintptr_t(theChip().SemCreate()) }

//export idfSemTake
func idfSemTake(s C.uintptr_t, n C.uint32_t) C.int32_t {
	return truth(theChip().SemTake(uintptr(s), ticks(n)))
}

//export idfSemGive
func idfSemGive(s C.uintptr_t) C.int32_t { return truth(theChip().SemGive(uintptr(s))) }

//export idfSemDelete
func idfSemDelete(s C.uintptr_t) { theChip().SemDelete(uintptr(s)) }

//export idfDelay
func idfDelay(n C.uint32_t) { time.Sleep(ticks(n)) }

func truth(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

//export idfNVSInit
func idfNVSInit() C.int32_t { return C.int32_t(theChip().NVSInit()) }

//export idfLoopCreate
func idfLoopCreate() C.int32_t { return C.int32_t(theChip().LoopCreate()) }

//export idfWiFiInit
func idfWiFiInit() C.int32_t { return C.int32_t(theChip().WiFiInit()) }

//export idfWiFiDeinit
func idfWiFiDeinit() C.int32_t { return C.int32_t(theChip().WiFiDeinit()) }

//export idfSetMode
func idfSetMode(m C.int32_t) C.int32_t { return C.int32_t(theChip().SetMode(hal.Mode(m))) }

//export idfMode
func idfMode() C.int32_t {
	if m, ok := theChip().Mode(); ok {
		return C.int32_t(m)
	}
	return -1
}

//export idfWiFiStart
func idfWiFiStart() C.int32_t { return C.int32_t(theChip().WiFiStart()) }

//export idfWiFiStop
func idfWiFiStop() C.int32_t { return C.int32_t(theChip().WiFiStop()) }

//export idfWiFiRestore
func idfWiFiRestore() C.int32_t { return C.int32_t(theChip().WiFiRestore()) }

//export idfWiFiConnect
func idfWiFiConnect() C.int32_t { return C.int32_t(theChip().WiFiConnect()) }

//export idfWiFiDisconnect
func idfWiFiDisconnect() C.int32_t { return C.int32_t(theChip().WiFiDisconnect()) }

//export idfSetStorage
func idfSetStorage(s C.int32_t) C.int32_t { return C.int32_t(theChip().SetStorage(hal.Storage(s))) }

//export idfSetStation
func idfSetStation(c *C.dbl_config) C.int32_t {
	cfg := hal.StationConfig{
		SSID: hal.SSID(trimmed(c.ssid[:])), Passphrase: hal.Secret(trimmed(c.password[:])),
		ScanMethod: hal.ScanMethod(c.scan_method), BSSIDSet: c.bssid_set != 0,
		Channel: uint8(c.channel), MinAuth: hal.AuthMode(c.auth),
	}
	if cfg.BSSIDSet {
		cfg.BSSID = bssid(&c.bssid)
	}
	return C.int32_t(theChip().SetStation(cfg))
}

//export idfStation
func idfStation(out *C.dbl_config) C.int32_t {
	cfg, code := theChip().Station()
	fill(out.ssid[:], string(cfg.SSID))
	fill(out.password[:], string(cfg.Passphrase))
	fill(out.bssid[:], string(cfg.BSSID[:]))
	out.scan_method, out.channel, out.auth = C.uint8_t(cfg.ScanMethod), C.uint8_t(cfg.Channel), C.uint8_t(cfg.MinAuth)
	out.bssid_set = C.uint8_t(truth(cfg.BSSIDSet))
	return C.int32_t(code)
}

// trimmed returns a field without the zeros at its end.
func trimmed(b []C.uint8_t) string {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return text(b[:n])
}

//export idfSetAP
func idfSetAP(c *C.dbl_config) C.int32_t {
	return C.int32_t(theChip().SetAP(hal.SoftAPConfig{
		SSID: hal.SSID(text(c.ssid[:c.ssid_len])), Key: hal.Secret(trimmed(c.password[:])),
		Auth: hal.AuthMode(c.auth), Channel: uint8(c.channel), MaxStations: uint8(c.max_connection),
	}))
}

//export idfBandMode
func idfBandMode() C.int32_t { return C.int32_t(theChip().BandMode()) }

//export idfCountryMask
func idfCountryMask() C.uint32_t { return C.uint32_t(theChip().CountryMask()) }

//export idfScanStart
func idfScanStart(channel, passive C.int32_t, millis C.uint32_t) C.int32_t {
	return C.int32_t(theChip().ScanStart(hal.ScanConfig{Channel: uint8(channel), Passive: passive != 0, PeriodMillis: uint32(millis)}))
}

//export idfScanStop
func idfScanStop() C.int32_t { return C.int32_t(theChip().ScanStop()) }

//export idfScanCount
func idfScanCount() C.int32_t {
	if list, ok := theChip().Scanned(); ok {
		return C.int32_t(len(list))
	}
	return -1
}

//export idfScanRecord
func idfScanRecord(i C.int32_t, out *C.dbl_ap) C.int32_t {
	list, _ := theChip().Scanned()
	if int(i) >= len(list) {
		return 0
	}
	setAP(out, list[i])
	return 1
}

func setAP(out *C.dbl_ap, ap hal.AccessPoint) {
	*out = C.dbl_ap{channel: C.uint8_t(ap.Channel), auth: C.uint8_t(ap.Auth), rssi: C.int8_t(ap.RSSI)}
	fill(out.ssid[:], string(ap.SSID))
	fill(out.bssid[:], string(ap.BSSID[:]))
}

//export idfScanForget
func idfScanForget() { theChip().ScanForget() }

//export idfAPInfo
func idfAPInfo(out *C.dbl_ap) C.int32_t {
	ap, code := theChip().AP()
	setAP(out, ap)
	return C.int32_t(code)
}

//export idfChannel
func idfChannel() C.int32_t { return C.int32_t(theChip().Channel()) }

//export idfIPInfo
func idfIPInfo(ip, mask, gw *C.uint8_t) {
	cfg := theChip().IP()
	setIP(ip, cfg.Address)
	setIP(mask, cfg.Netmask)
	setIP(gw, cfg.Gateway)
}

//export idfDNS
func idfDNS(ip *C.uint8_t) { setIP(ip, theChip().IP().DNS) }

func setIP(out *C.uint8_t, ip hal.IPv4) { fill(unsafe.Slice(out, len(ip)), string(ip[:])) }

//export idfBTStep
func idfBTStep(from, to C.int32_t) C.int32_t { return C.int32_t(theChip().BTStep(int(from), int(to))) }

//export idfBTStatus
func idfBTStatus() C.int32_t { return C.int32_t(theChip().BTStatus()) }

//export idfBTRelease
func idfBTRelease(mode C.int32_t) C.int32_t { return C.int32_t(theChip().BTRelease(int(mode))) }

//export idfBTRoom
func idfBTRoom() C.int32_t { return truth(theChip().BTRoom()) }

//export idfBTSend
func idfBTSend(p *C.uint8_t, n C.int32_t) {
	theChip().BTSend(unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n)))
}

//export idfHTTPStart
func idfHTTPStart(port, sockets, purge C.int32_t) C.int32_t {
	return C.int32_t(theChip().HTTPStart(uint16(port), int(sockets), purge != 0))
}

//export idfHTTPStop
func idfHTTPStop() C.int32_t { return C.int32_t(theChip().HTTPStop()) }

//export idfReqRecv
func idfReqRecv(request C.int32_t, buf *C.uint8_t, n C.int32_t) C.int32_t {
	return C.int32_t(theChip().Receive(int(request), unsafe.Slice((*byte)(unsafe.Pointer(buf)), int(n))))
}

//export idfReqHeader
func idfReqHeader(request C.int32_t, field, buf *C.char, size C.int32_t) C.int32_t {
	value := theChip().Header(int(request), C.GoString(field))
	if size > 0 {
		out := unsafe.Slice((*byte)(unsafe.Pointer(buf)), int(size))
		out[copy(out[:size-1], value)] = 0
	}
	return C.int32_t(len(value))
}

//export idfPeer
func idfPeer(fd C.int32_t, ip *C.uint8_t, scope *C.int32_t) C.int32_t {
	addr, n := theChip().Peer(int(fd))
	*scope = C.int32_t(n)
	return C.int32_t(fill(unsafe.Slice(ip, 16), string(addr.AsSlice())))
}

//export idfRespSend
func idfRespSend(request C.int32_t, status, contentType, field, value *C.char, body *C.uint8_t, n C.int32_t) C.int32_t {
	return C.int32_t(theChip().Answer(int(request), C.GoString(status), C.GoString(contentType), C.GoString(field),
		C.GoString(value), unsafe.Slice((*byte)(unsafe.Pointer(body)), int(n))))
}

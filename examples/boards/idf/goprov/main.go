// SPDX-License-Identifier: Apache-2.0

//go:build espidf

// Command goprov is the Go half of the ESP-IDF application in the folder above: it
// implements the functions of wifiprov.h. A Go compiler turns it into a relocatable
// object or an archive, which ESP-IDF links; README.md says how. Applications copy
// it and add endpoints of their own.
package main

// #include "../../../../hal/esp32/idf/component/wifiprov/include/wifiprov.h"
// #include "../../../../hal/esp32/idf/component/wifiprov/wifiprov_idf.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/wifiprov/wifiprov"
)

// the is the service of this device.
var the service

// lastError is the text that wifiprov_error returns.
var lastError string

func main() {}

// result turns an error into the number that wifiprov.h's functions return.
func result(err error) C.int32_t {
	if err == nil {
		return 0
	}
	lastError = err.Error()
	return -1
}

// text copies a text that may be nil.
func text(s *C.char) string {
	if s == nil {
		return ""
	}
	return C.GoString(s)
}

//export wifiprov_init
func wifiprov_init(c *C.wifiprov_config_t) C.int32_t {
	cfg := settings{
		bluetooth: int(c.scheme) == int(C.WIFIPROV_BLE),
		security:  int(c.security),
		name:      text(c.service_name),
		key:       text(c.service_key),
		pop:       text(c.pop),
		salt:      text(c.salt),
		verifier:  text(c.verifier),
	}
	if fn, arg := c.on_event, c.arg; fn != nil {
		cfg.tell = func(kind wifiprov.EventKind, reason wifiprov.FailReason) {
			if number, ok := eventNumber(kind); ok {
				// The C original's reasons begin with 0.
				C.wp_tell(fn, arg, C.int32_t(number), C.int32_t(max(reason, 1)-1))
			}
		}
	}
	return result(the.open(cfg))
}

// eventNumber returns an event's number in wifiprov.h.
func eventNumber(kind wifiprov.EventKind) (int, bool) {
	return int(kind - wifiprov.EventInit), kind >= wifiprov.EventInit && kind <= wifiprov.EventDeinit
}

//export wifiprov_is_provisioned
func wifiprov_is_provisioned() C.int32_t {
	provisioned, err := the.provisioned()
	if err == nil && provisioned {
		return 1
	}
	return result(err)
}

//export wifiprov_connect
func wifiprov_connect() C.int32_t { return result(the.connect()) }

//export wifiprov_start
func wifiprov_start() C.int32_t { return result(the.start()) }

//export wifiprov_pump
func wifiprov_pump(millis C.int32_t) C.int32_t {
	if the.pump(time.Duration(millis) * time.Millisecond) {
		return 1
	}
	return 0
}

//export wifiprov_stop
func wifiprov_stop() { the.stop() }

//export wifiprov_reset
func wifiprov_reset() C.int32_t { return result(the.reset()) }

//export wifiprov_deinit
func wifiprov_deinit() C.int32_t { return result(the.close()) }

//export wifiprov_error
func wifiprov_error(buf *C.char, size C.int32_t) C.int32_t {
	if buf == nil || size <= 0 {
		return 0
	}
	out := unsafe.Slice((*byte)(unsafe.Pointer(buf)), int(size))
	n := copy(out[:len(out)-1], lastError)
	out[n] = 0
	return C.int32_t(n)
}

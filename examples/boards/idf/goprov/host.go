//go:build espidf && !tinygo

package main

// #cgo CFLAGS: -I${SRCDIR}/../../../../hal/esp32/double/idf/include
import "C" // a host has no sdkconfig.h but that of the double

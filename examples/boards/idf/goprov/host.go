// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

package main

// #cgo CFLAGS: -I${SRCDIR}/../../../../hal/esp32/idf/idftest/idf/include
import "C" // a host has no sdkconfig.h but that of the double

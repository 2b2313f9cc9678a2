// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

// The double of ESP-IDF's calls.

#include "_cgo_export.h"

#include "idftest/idf/system.c"

#include "idftest/idf/wifi.c"

#include "idftest/idf/bluetooth.c"

#include "idftest/idf/http.c"

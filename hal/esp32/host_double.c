//go:build espidf && !tinygo

// The double of ESP-IDF's calls.

#include "_cgo_export.h"

#include "double/idf/system.c"

#include "double/idf/wifi.c"

#include "double/idf/bluetooth.c"

#include "double/idf/http.c"

// SPDX-License-Identifier: Apache-2.0

//go:build espidf && !tinygo

// The component's wifiprov_http.c, on a host.

#include <stdlib.h>

#include "double.h"

#define malloc dbl_malloc
#define calloc dbl_calloc
#define free dbl_free

#include "component/wifiprov/wifiprov_http.c"

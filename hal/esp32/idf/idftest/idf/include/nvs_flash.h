// SPDX-License-Identifier: Apache-2.0

// Part of the double of ESP-IDF: the published names and types of what the
// component uses, and nothing else.

#pragma once

#include "esp_err.h"

esp_err_t nvs_flash_init(void);

// SPDX-License-Identifier: Apache-2.0

// Part of the double of ESP-IDF: the published names and types of what the
// component uses, and nothing else.

#pragma once

#define CONFIG_BT_ENABLED 1
#define CONFIG_SOC_WIFI_SUPPORT_5G 1
#define CONFIG_IDF_TARGET_ESP32 1
#define CONFIG_FREERTOS_HZ 1000
#define CONFIG_HTTPD_MAX_REQ_HDR_LEN 512
#define CONFIG_HTTPD_MAX_URI_LEN 512

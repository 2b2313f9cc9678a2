// SPDX-License-Identifier: Apache-2.0

// What the files of this component share.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"
#include "esp_idf_version.h"
#include "esp_wifi_types.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "sdkconfig.h"

#include "wifiprov_idf.h"

// Sizes of the queues; Kconfig says what they mean.
#ifndef CONFIG_WIFIPROV_EVENTS
#define CONFIG_WIFIPROV_EVENTS 16
#endif
#ifndef CONFIG_WIFIPROV_HCI_BYTES
#define CONFIG_WIFIPROV_HCI_BYTES 2048
#endif
#ifndef CONFIG_WIFIPROV_HTTP_SOCKETS
#define CONFIG_WIFIPROV_HTTP_SOCKETS 4
#endif

#define WP_FAILURE(call, code) (((wp_result)(WP_CALL_##call) << 32) | (uint32_t)(code))

// TRY returns from a function when a call fails.
#define TRY(call, ...) \
    do { \
        esp_err_t err_ = call(__VA_ARGS__); \
        if (err_ != ESP_OK) { \
            return WP_FAILURE(call, err_); \
        } \
    } while (0)

// wp_auth returns an authentication mode in the numbers of today's ESP-IDF, and
// wp_idf_auth the other way round. In v4.4 there was no OWE yet.
#if ESP_IDF_VERSION < ESP_IDF_VERSION_VAL(5, 0, 0)
static inline uint8_t wp_auth(wifi_auth_mode_t mode) { return mode == WIFI_AUTH_WPA3_ENT_192 ? 10 : (uint8_t)mode; }
static inline wifi_auth_mode_t wp_idf_auth(uint8_t auth) { return auth == 10 ? WIFI_AUTH_WPA3_ENT_192 : (wifi_auth_mode_t)auth; }
#else
static inline uint8_t wp_auth(wifi_auth_mode_t mode) { return (uint8_t)mode; }
static inline wifi_auth_mode_t wp_idf_auth(uint8_t auth) { return (wifi_auth_mode_t)auth; }
#endif

// wp_lock guards the queues. It is held for a copy of a few bytes.
extern portMUX_TYPE wp_lock;

// A wp_bell is a semaphore that ends a wait. Any task may ring it, also while
// another one closes it.
typedef struct {
    SemaphoreHandle_t sem; // NULL while closed; guarded by wp_lock
    int users;             // tasks that are at it; guarded by wp_lock
} wp_bell;

bool wp_bell_open(wp_bell *b);
void wp_bell_ring(wp_bell *b);
// wp_bell_wait returns whether it rang. One that is closed does not.
bool wp_bell_wait(wp_bell *b, TickType_t ticks);
// wp_bell_close ends waits.
void wp_bell_close(wp_bell *b);

// wp_wipe sets memory to zero that nobody reads any more; a compiler leaves a
// memset of such memory out.
void wp_wipe(void *p, size_t n);

// wp_lost_packets counts packets that found no room. wp_lock is held.
extern uint16_t wp_lost_packets;

// wp_forget_events empties the queue.
void wp_forget_events(void);

void wp_on_wifi_event(void *arg, esp_event_base_t base, int32_t id, void *data);
void wp_on_ip_event(void *arg, esp_event_base_t base, int32_t id, void *data);

wp_result wp_wifi_open(void);
wp_result wp_wifi_close(void);

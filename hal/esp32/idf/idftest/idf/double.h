// SPDX-License-Identifier: Apache-2.0

// What C and Go of the double say to each other, in plain types.

#pragma once

#include <stddef.h>
#include <stdint.h>

enum dbl_kind {
    DBL_STA_START = 1,
    DBL_STA_STOP,
    DBL_STA_CONNECTED,
    DBL_STA_DISCONNECTED,
    DBL_SCAN_DONE,
    DBL_GOT_IP,
    DBL_LOST_IP,
};

typedef struct {
    int32_t kind;
    uint8_t failed, reason, ssid_len, channel, auth;
    int8_t rssi;
    uint8_t bssid[6], ssid[32], ip[4];
} dbl_event;

typedef struct {
    uint8_t channel, auth;
    int8_t rssi;
    uint8_t bssid[6], ssid[32];
} dbl_ap;

typedef struct {
    uint8_t ssid[32], password[64], bssid[6];
    uint8_t ssid_len, channel, auth, max_connection, scan_method, bssid_set;
} dbl_config;

typedef struct {
    void *ctx;
    void (*free_ctx)(void *ctx);
} dbl_session;

// ENTER fails a call if the Go side says so.
#define ENTER(call) \
    do { \
        int32_t err_ = idfEnter((char *)#call); \
        if (err_ != ESP_OK) { \
            return err_; \
        } \
    } while (0)

// From the Go side.
void dbl_post(const dbl_event *e);
int32_t dbl_registrations(void);
void dbl_forget_registrations(void);
int32_t dbl_netifs(void);
void dbl_forget_netifs(void);
void dbl_packet(uint8_t *data, int32_t len);
void dbl_room(void);
int32_t dbl_serve(int32_t number, int32_t conn, int32_t method, const char *uri, int64_t length, dbl_session *session);
void dbl_end_session(dbl_session *session);

// Memory of the component.
void *dbl_malloc(size_t size);
void *dbl_calloc(size_t n, size_t size);
void dbl_free(void *p);

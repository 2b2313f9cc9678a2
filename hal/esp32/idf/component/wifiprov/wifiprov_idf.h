// SPDX-License-Identifier: Apache-2.0

// What the Go package hal/esp32/idf asks of ESP-IDF, in integers, bytes and plain
// structures, so that the cgo of every Go compiler can read this header.
//
// The functions are called by one task, the application's, unless they say
// otherwise. None of them calls back: what happens elsewhere (in the event
// loop, the HTTP server's task, the Bluetooth controller's) waits in queues
// of bounded size until it is taken. A result is 0 or wp_failure().

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The calls of ESP-IDF that can fail, one a line.
#define WP_CALLS(X) \
    X(nvs_flash_init) \
    X(esp_netif_init) \
    X(esp_event_loop_create_default) \
    X(esp_netif_create_default_wifi_sta) \
    X(esp_netif_create_default_wifi_ap) \
    X(esp_event_handler_instance_register) \
    X(esp_event_handler_instance_unregister) \
    X(esp_netif_get_ip_info) \
    X(esp_netif_get_dns_info) \
    X(esp_wifi_init) \
    X(esp_wifi_deinit) \
    X(esp_wifi_start) \
    X(esp_wifi_stop) \
    X(esp_wifi_set_mode) \
    X(esp_wifi_get_mode) \
    X(esp_wifi_set_storage) \
    X(esp_wifi_set_config) \
    X(esp_wifi_get_config) \
    X(esp_wifi_restore) \
    X(esp_wifi_connect) \
    X(esp_wifi_disconnect) \
    X(esp_wifi_scan_start) \
    X(esp_wifi_scan_stop) \
    X(esp_wifi_scan_get_ap_num) \
    X(esp_wifi_scan_get_ap_records) \
    X(esp_wifi_sta_get_ap_info) \
    X(esp_bt_controller_init) \
    X(esp_bt_controller_deinit) \
    X(esp_bt_controller_enable) \
    X(esp_bt_controller_disable) \
    X(esp_bt_controller_mem_release) \
    X(esp_vhci_host_register_callback) \
    X(esp_vhci_host_send_packet) \
    X(httpd_start) \
    X(httpd_stop) \
    X(httpd_register_uri_handler) \
    X(httpd_register_err_handler) \
    X(xSemaphoreCreateBinary) \
    X(malloc)

enum wp_call {
    WP_CALL_NONE,
#define X(name) WP_CALL_##name,
    WP_CALLS(X)
#undef X
    WP_CALL_END,
};

// A failure: the number of the call in the upper half, its error code in the
// lower one.
typedef int64_t wp_result;

// wp_call_name returns the name of a call; "" for a number that is none.
const char *wp_call_name(int32_t call);

// Life

// wp_open brings Wi-Fi up: NVS, network interfaces, event loop, driver,
// handlers. What the application has brought up itself is used as it is.
// After a failure everything is as before.
wp_result wp_open(void);

// wp_close takes down what wp_open and the rest brought up, and returns the
// first failure. What could not be taken down is tried again by the next call.
wp_result wp_close(void);

// The queue

// wp_wait blocks until something is queued or the time is over; it may return
// early. wp_wake ends it, from every task.
void wp_wait(int32_t millis);
void wp_wake(void);

// wp_lost returns how many entries found no room since it was last called:
// events in the upper 16 bits, packets in the lower.
uint32_t wp_lost(void);

enum wp_event_kind {
    WP_STA_START = 1,
    WP_STA_STOP,
    WP_STA_CONNECTED,
    WP_STA_DISCONNECTED,
    WP_SCAN_DONE,
    WP_GOT_IP,
    WP_LOST_IP,
};

typedef struct {
    uint8_t kind;
    uint8_t reason;  // WP_STA_DISCONNECTED
    uint8_t failed;  // WP_SCAN_DONE
    uint8_t ssid_len; // access point of a join; a channel of 0: unknown
    uint8_t channel;
    uint8_t auth;
    int8_t rssi;
    uint8_t bssid[6];
    uint8_t ssid[32];
    uint8_t ip[4];   // WP_GOT_IP
    uint32_t number; // of the event
} wp_event;

// wp_next_event takes the oldest event, and returns whether there was one.
int32_t wp_next_event(wp_event *out);

// wp_event_number returns the number that the next event will have. From every
// task.
uint32_t wp_event_number(void);

// Wi-Fi. These may be called from several tasks at once, as far as the driver
// allows it.

typedef struct {
    uint8_t ssid_len;
    uint8_t password_len;
    uint8_t scan_method;
    uint8_t bssid_set;
    uint8_t channel;
    uint8_t auth; // weakest allowed
    uint8_t bssid[6];
    uint8_t ssid[32];
    uint8_t password[64];
} wp_station;

typedef struct {
    uint8_t ssid_len;
    uint8_t key_len;
    uint8_t auth;
    uint8_t channel;
    uint8_t max_stations;
    uint8_t ssid[32];
    uint8_t key[64];
} wp_softap;

typedef struct {
    uint8_t ssid_len;
    uint8_t channel;
    int8_t rssi;
    uint8_t auth;
    uint8_t bssid[6];
    uint8_t ssid[32];
} wp_ap;

typedef struct {
    uint8_t address[4], netmask[4], gateway[4], dns[4];
} wp_ip;

wp_result wp_set_mode(int32_t mode);
wp_result wp_start(void);
wp_result wp_set_storage(int32_t ram);
wp_result wp_set_station(const wp_station *cfg);
wp_result wp_get_station(wp_station *out);
wp_result wp_restore(void);
wp_result wp_connect(void);
wp_result wp_disconnect(void);
wp_result wp_scan_start(int32_t channel, int32_t passive, uint32_t period_ms);
wp_result wp_scan_stop(void);
// wp_scan_bands returns what a scan of all channels covers: WP_BAND_2G for
// channels 1 to 13, and those of 5 GHz in ascending order from bit 1 on, as in
// ESP-IDF's wifi_5g_channel_bit_t; 0: the chip has 2.4 GHz only, or does not say.
#define WP_BAND_2G 0x00000001u
#define WP_BAND_5G 0x1ffffffeu
uint32_t wp_scan_bands(void);
// wp_scan_results writes at most *count results, the strongest, and how many.
// The driver has forgotten them afterwards, also after a failure.
wp_result wp_scan_results(wp_ap *out, int32_t *count);
wp_result wp_link(wp_ap *out);
wp_result wp_ip_config(wp_ip *out);
// wp_softap_start sets mode and configuration without writing flash; ram says
// what the storage is to be afterwards.
wp_result wp_softap_start(const wp_softap *cfg, int32_t ram);
wp_result wp_softap_stop(int32_t ram);

// HTTP

typedef struct {
    void *slot;       // for wp_http_answer
    int32_t conn;
    int32_t post;
    const uint8_t *path, *cookie, *remote, *host, *origin, *site;
    uint8_t *body;
    int32_t path_len, cookie_len, remote_len, host_len, origin_len, site_len, body_len;
} wp_http_request;

wp_result wp_http_start(int32_t port);
wp_result wp_http_stop(void);
// wp_http_next takes a request, and returns whether there was one. It is valid
// until its answer.
int32_t wp_http_next(wp_http_request *out);
// wp_http_answer answers it; status 0: the connection is closed without a word.
void wp_http_answer(void *slot, int32_t status, const uint8_t *cookie, int32_t cookie_len,
                    const uint8_t *body, int32_t body_len, int32_t close);
// wp_http_closed returns a connection that is gone; -1: none.
int32_t wp_http_closed(void);

// Bluetooth

wp_result wp_bt_open(void);
wp_result wp_bt_close(void);
int32_t wp_bt_is_open(void);
// wp_bt_send hands one packet to the controller. packet is not kept.
wp_result wp_bt_send(const uint8_t *packet, int32_t len, int32_t timeout_ms);
// wp_bt_next copies the oldest packet of the controller, and returns its
// length; 0: there is none.
int32_t wp_bt_next(uint8_t *buf, int32_t size);
// wp_bt_release gives memory back: 1 classic, 2 LE, 3 both.
wp_result wp_bt_release(int32_t parts);

// The rest

int64_t wp_time_us(void);
void wp_random(uint8_t *buf, int32_t len);
// wp_tell calls a function of the application's.
void wp_tell(void (*fn)(void *arg, int32_t event, int32_t reason), void *arg, int32_t event, int32_t reason);
// wp_log writes a line; level is one of ESP_LOG_ERROR to ESP_LOG_DEBUG, 1 to 4.
void wp_log(int32_t level, const uint8_t *text, int32_t len);

#ifdef __cplusplus
}
#endif

// SPDX-License-Identifier: Apache-2.0

// The Bluetooth controller behind its virtual HCI.

#include "wp_private.h"

#if CONFIG_BT_ENABLED

#include <stdlib.h>
#include <string.h>

#include "esp_bt.h"

// LONGEST is the longest packet that is taken: a type, a handle and a length,
// and data of at most 1021 bytes.
#define LONGEST 1026

// RESERVE is the part of the ring that data leaves to events, so that a client
// cannot crowd them out.
#define RESERVE (CONFIG_WIFIPROV_HCI_BYTES / 4)

#define H4_DATA 2

static struct {
    bool open, own_init, own_enable;
    wp_bell room;  // rung when the controller takes a packet again
    uint8_t *ring; // packets, each behind its length in 2 bytes
    uint32_t first, used;
} bt;

// put and take copy whole pieces, since no interrupt comes through meanwhile.
static void put(const uint8_t *bytes, uint32_t n)
{
    uint32_t at = (bt.first + bt.used) % CONFIG_WIFIPROV_HCI_BYTES;
    uint32_t head = CONFIG_WIFIPROV_HCI_BYTES - at;
    head = n < head ? n : head;
    memcpy(bt.ring + at, bytes, head);
    memcpy(bt.ring, bytes + head, n - head);
    bt.used += n;
}

// take takes n bytes and copies the first of them, wanted at most.
static void take(uint8_t *out, uint32_t n, uint32_t wanted)
{
    uint32_t head = CONFIG_WIFIPROV_HCI_BYTES - bt.first;
    wanted = wanted < n ? wanted : n;
    head = wanted < head ? wanted : head;
    memcpy(out, bt.ring + bt.first, head);
    memcpy(out + head, bt.ring, wanted - head);
    bt.first = (bt.first + n) % CONFIG_WIFIPROV_HCI_BYTES;
    bt.used -= n;
}

// on_packet runs in the controller's task.
static int on_packet(uint8_t *data, uint16_t len)
{
    if (len == 0) {
        return 0;
    }
    uint32_t limit = CONFIG_WIFIPROV_HCI_BYTES - (data[0] == H4_DATA ? RESERVE : 0);
    portENTER_CRITICAL(&wp_lock);
    if (bt.ring == NULL || len > LONGEST || bt.used + 2 + len > limit) {
        wp_lost_packets++;
    } else {
        uint8_t head[2] = {(uint8_t)len, (uint8_t)(len >> 8)};
        put(head, 2);
        put(data, len);
    }
    portEXIT_CRITICAL(&wp_lock);
    wp_wake();
    return 0;
}

static void on_room(void) { wp_bell_ring(&bt.room); }

int32_t wp_bt_next(uint8_t *buf, int32_t size)
{
    int32_t n = 0;
    portENTER_CRITICAL(&wp_lock);
    if (bt.ring != NULL && bt.used > 0) {
        uint8_t head[2];
        take(head, 2, 2);
        n = head[0] | head[1] << 8;
        take(buf, (uint32_t)n, (uint32_t)size);
        n = n < size ? n : size;
    }
    portEXIT_CRITICAL(&wp_lock);
    return n;
}

static wp_result bring_up(void)
{
    static const esp_vhci_host_callback_t callbacks = {
        .notify_host_send_available = on_room,
        .notify_host_recv = on_packet,
    };
    if (!wp_bell_open(&bt.room)) {
        return WP_FAILURE(xSemaphoreCreateBinary, ESP_ERR_NO_MEM);
    }
    if (bt.ring == NULL) {
        uint8_t *ring = malloc(CONFIG_WIFIPROV_HCI_BYTES);
        if (ring == NULL) {
            return WP_FAILURE(malloc, ESP_ERR_NO_MEM);
        }
        portENTER_CRITICAL(&wp_lock);
        bt.ring = ring;
        bt.first = bt.used = 0;
        portEXIT_CRITICAL(&wp_lock);
    }
    if (esp_bt_controller_get_status() == ESP_BT_CONTROLLER_STATUS_IDLE) {
        esp_bt_controller_config_t cfg = BT_CONTROLLER_INIT_CONFIG_DEFAULT();
#if CONFIG_IDF_TARGET_ESP32
        cfg.mode = ESP_BT_MODE_BLE; // that of menuconfig may be more, and is not enabled below
#endif
        TRY(esp_bt_controller_init, &cfg);
        bt.own_init = true;
    }
    if (esp_bt_controller_get_status() == ESP_BT_CONTROLLER_STATUS_INITED) {
        TRY(esp_bt_controller_enable, ESP_BT_MODE_BLE);
        bt.own_enable = true;
    }
    TRY(esp_vhci_host_register_callback, &callbacks);
    bt.open = true;
    return 0;
}

wp_result wp_bt_open(void)
{
    if (bt.open) {
        return 0;
    }
    wp_result result = bring_up();
    if (result != 0) {
        wp_bt_close();
    }
    return result;
}

int32_t wp_bt_is_open(void) { return bt.open; }

wp_result wp_bt_close(void)
{
    bt.open = false;
    if (bt.own_enable) {
        TRY(esp_bt_controller_disable);
        bt.own_enable = false;
    }
    if (bt.own_init) {
        TRY(esp_bt_controller_deinit);
        bt.own_init = false;
    }
    portENTER_CRITICAL(&wp_lock);
    uint8_t *ring = bt.ring;
    bt.ring = NULL;
    portEXIT_CRITICAL(&wp_lock);
    if (ring != NULL) {
        wp_wipe(ring, CONFIG_WIFIPROV_HCI_BYTES);
        free(ring);
    }
    wp_bell_close(&bt.room);
    return 0;
}

wp_result wp_bt_send(const uint8_t *packet, int32_t len, int32_t timeout_ms)
{
    if (!bt.open) {
        return WP_FAILURE(esp_vhci_host_send_packet, ESP_ERR_INVALID_STATE);
    }
    // The semaphore may be left over from an earlier packet.
    for (int left = 2; !esp_vhci_host_check_send_available(); left--) {
        if (left == 0 || !wp_bell_wait(&bt.room, pdMS_TO_TICKS(timeout_ms))) {
            return WP_FAILURE(esp_vhci_host_send_packet, ESP_ERR_TIMEOUT);
        }
    }
    esp_vhci_host_send_packet((uint8_t *)packet, (uint16_t)len);
    return 0;
}

wp_result wp_bt_release(int32_t parts)
{
#if !CONFIG_IDF_TARGET_ESP32
    parts &= ~1; // the only chip with classic Bluetooth
#endif
    if (parts == 0) {
        return 0;
    }
    static const esp_bt_mode_t modes[] = {ESP_BT_MODE_IDLE, ESP_BT_MODE_CLASSIC_BT, ESP_BT_MODE_BLE, ESP_BT_MODE_BTDM};
    TRY(esp_bt_controller_mem_release, modes[parts & 3]);
    return 0;
}

#else // no Bluetooth in this build

wp_result wp_bt_open(void) { return WP_FAILURE(esp_bt_controller_init, ESP_ERR_NOT_SUPPORTED); }
wp_result wp_bt_close(void) { return 0; }
int32_t wp_bt_is_open(void) { return 0; }
int32_t wp_bt_next(uint8_t *buf, int32_t size) { (void)buf; (void)size; return 0; }
wp_result wp_bt_release(int32_t parts) { (void)parts; return 0; }

wp_result wp_bt_send(const uint8_t *packet, int32_t len, int32_t timeout_ms)
{
    (void)packet;
    (void)len;
    (void)timeout_ms;
    return WP_FAILURE(esp_vhci_host_send_packet, ESP_ERR_NOT_SUPPORTED);
}

#endif

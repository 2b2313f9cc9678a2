// SPDX-License-Identifier: Apache-2.0

// Part of the double of ESP-IDF: the published names and types of what the
// component uses, and nothing else.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"

typedef enum {
    ESP_BT_MODE_IDLE = 0x00,
    ESP_BT_MODE_BLE = 0x01,
    ESP_BT_MODE_CLASSIC_BT = 0x02,
    ESP_BT_MODE_BTDM = 0x03,
} esp_bt_mode_t;

typedef enum {
    ESP_BT_CONTROLLER_STATUS_IDLE = 0,
    ESP_BT_CONTROLLER_STATUS_INITED,
    ESP_BT_CONTROLLER_STATUS_ENABLED,
    ESP_BT_CONTROLLER_STATUS_NUM,
} esp_bt_controller_status_t;

typedef struct {
    uint8_t mode;
    uint32_t magic;
} esp_bt_controller_config_t;

#define ESP_BT_CONTROLLER_CONFIG_MAGIC_VAL 0x20221207
// As with CONFIG_BTDM_CTRL_MODE_BTDM.
#define BT_CONTROLLER_INIT_CONFIG_DEFAULT() {.mode = ESP_BT_MODE_BTDM, .magic = ESP_BT_CONTROLLER_CONFIG_MAGIC_VAL}

typedef struct esp_vhci_host_callback {
    void (*notify_host_send_available)(void);
    int (*notify_host_recv)(uint8_t *data, uint16_t len);
} esp_vhci_host_callback_t;

esp_err_t esp_bt_controller_init(esp_bt_controller_config_t *cfg);
esp_err_t esp_bt_controller_deinit(void);
esp_err_t esp_bt_controller_enable(esp_bt_mode_t mode);
esp_err_t esp_bt_controller_disable(void);
esp_bt_controller_status_t esp_bt_controller_get_status(void);
esp_err_t esp_bt_controller_mem_release(esp_bt_mode_t mode);
bool esp_vhci_host_check_send_available(void);
void esp_vhci_host_send_packet(uint8_t *data, uint16_t len);
esp_err_t esp_vhci_host_register_callback(const esp_vhci_host_callback_t *callback);

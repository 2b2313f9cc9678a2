// SPDX-License-Identifier: Apache-2.0

// The double of ESP-IDF's calls: the Bluetooth controller. Each call asks the Go side (host.go)
// whether it is to fail, and hands what it is about over in plain types.

#include "esp_bt.h"

static const esp_vhci_host_callback_t *vhci;
static esp_bt_mode_t init_mode; // which esp_bt_controller_enable has to repeat

esp_err_t esp_bt_controller_init(esp_bt_controller_config_t *cfg)
{
    ENTER(esp_bt_controller_init);
    if (cfg->magic != ESP_BT_CONTROLLER_CONFIG_MAGIC_VAL) {
        return ESP_ERR_INVALID_ARG;
    }
    init_mode = cfg->mode;
    return idfBTStep(0, 1);
}

esp_err_t esp_bt_controller_enable(esp_bt_mode_t mode)
{
    ENTER(esp_bt_controller_enable);
    return mode == ESP_BT_MODE_BLE && mode == init_mode ? idfBTStep(1, 2) : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_bt_controller_disable(void)
{
    ENTER(esp_bt_controller_disable);
    return idfBTStep(2, 1);
}

esp_err_t esp_bt_controller_deinit(void)
{
    ENTER(esp_bt_controller_deinit);
    vhci = NULL;
    return idfBTStep(1, 0);
}

esp_bt_controller_status_t esp_bt_controller_get_status(void) { return (esp_bt_controller_status_t)idfBTStatus(); }

esp_err_t esp_bt_controller_mem_release(esp_bt_mode_t mode)
{
    ENTER(esp_bt_controller_mem_release);
    return idfBTRelease(mode);
}

esp_err_t esp_vhci_host_register_callback(const esp_vhci_host_callback_t *callback)
{
    ENTER(esp_vhci_host_register_callback);
    vhci = callback;
    return ESP_OK;
}

bool esp_vhci_host_check_send_available(void) { return idfBTRoom(); }
void esp_vhci_host_send_packet(uint8_t *data, uint16_t len) { idfBTSend(data, len); }

void dbl_packet(uint8_t *data, int32_t len)
{
    if (vhci != NULL) {
        vhci->notify_host_recv(data, (uint16_t)len);
    }
}

void dbl_room(void)
{
    if (vhci != NULL) {
        vhci->notify_host_send_available();
    }
}

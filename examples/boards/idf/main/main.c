// SPDX-License-Identifier: Apache-2.0

// A device that is provisioned by the Go code in ../goprov, and joins its
// network.

#include <stdio.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "wifiprov.h"

static const char *TAG = "app";

static void on_event(void *arg, int32_t event, int32_t reason)
{
    static const char *const names[] = {"init", "start", "credentials received", "credentials failed", "connected", "end", "deinit"};
    (void)arg;
    ESP_LOGI(TAG, "provisioning: %s", names[event]);
    if (event == WIFIPROV_CRED_FAIL) {
        ESP_LOGW(TAG, "%s", reason == WIFIPROV_AUTH_ERROR ? "the passphrase is wrong" : "there is no such network");
    }
}

static void say_error(const char *what)
{
    char text[128];
    wifiprov_error(text, sizeof(text));
    ESP_LOGE(TAG, "%s: %s", what, text);
}

// provision runs in a task of its own, whose stack is the Go code's.
static void provision(void *arg)
{
    (void)arg;
    wifiprov_config_t cfg = WIFIPROV_CONFIG_DEFAULT();
    cfg.on_event = on_event;
    if (wifiprov_init(&cfg) != 0) {
        say_error("provisioning does not come up");
        vTaskDelete(NULL);
        return;
    }
    if (wifiprov_is_provisioned() == 1) {
        if (wifiprov_connect() != 0) {
            say_error("the station does not connect");
        }
    } else if (wifiprov_start() != 0) {
        say_error("provisioning does not start");
    }
    // The Go code handles Wi-Fi's events; the task may do other work in between.
    for (;;) {
        wifiprov_pump(1000);
    }
}

void app_main(void)
{
    xTaskCreate(provision, "provision", CONFIG_APP_GO_STACK, NULL, 5, NULL);
}

// SPDX-License-Identifier: Apache-2.0

// The double of ESP-IDF's calls: FreeRTOS, memory, events and what is small. Each call asks the Go side (host.go)
// whether it is to fail, and hands what it is about over in plain types.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_event.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "nvs_flash.h"

esp_event_base_t const WIFI_EVENT = "WIFI_EVENT";
esp_event_base_t const IP_EVENT = "IP_EVENT";

// FreeRTOS

SemaphoreHandle_t xSemaphoreCreateBinary(void)
{
    return idfEnter("xSemaphoreCreateBinary") != 0 ? NULL : (SemaphoreHandle_t)idfSemCreate();
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t s, TickType_t ticks) { return idfSemTake((uintptr_t)s, ticks); }
BaseType_t xSemaphoreGive(SemaphoreHandle_t s) { return idfSemGive((uintptr_t)s); }
void vSemaphoreDelete(SemaphoreHandle_t s) { idfSemDelete((uintptr_t)s); }
void vTaskDelay(const TickType_t ticks) { idfDelay(ticks); }

// Memory of the component, which the Go side counts and looks at when it is
// given back. Its size is in front of it.

union piece {
    size_t size;
    max_align_t align;
};

void *dbl_calloc(size_t n, size_t size)
{
    if (idfEnter("malloc") != 0) {
        return NULL;
    }
    idfMemory(1);
    union piece *p = (calloc)(1, sizeof(*p) + n * size);
    p->size = n * size;
    return p + 1;
}

void *dbl_malloc(size_t size) { return dbl_calloc(1, size); }

void dbl_free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    union piece *p = (union piece *)memory - 1;
    idfMemory(-1);
    idfFreed(memory, p->size);
    (free)(p);
}

// The small ones

esp_err_t nvs_flash_init(void)
{
    ENTER(nvs_flash_init);
    return idfNVSInit();
}

int64_t esp_timer_get_time(void) { return idfTime(); }
void esp_fill_random(void *buf, size_t len) { idfRandom(buf, len); }

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    (void)tag;
    idfLog(level, line);
}

// Events

static struct registration {
    bool used;
    esp_event_base_t base;
    int32_t id;
    esp_event_handler_t handler;
    void *arg;
} registrations[16];

static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;

esp_err_t esp_event_loop_create_default(void)
{
    ENTER(esp_event_loop_create_default);
    return idfLoopCreate();
}

esp_err_t esp_event_handler_instance_register(esp_event_base_t base, int32_t id, esp_event_handler_t handler, void *arg,
                                              esp_event_handler_instance_t *instance)
{
    ENTER(esp_event_handler_instance_register);
    esp_err_t err = ESP_ERR_NO_MEM;
    pthread_mutex_lock(&events_lock);
    for (size_t i = 0; i < sizeof(registrations) / sizeof(registrations[0]); i++) {
        struct registration *r = &registrations[i];
        if (!r->used) {
            *r = (struct registration){true, base, id, handler, arg};
            *instance = r;
            err = ESP_OK;
            break;
        }
    }
    pthread_mutex_unlock(&events_lock);
    return err;
}

esp_err_t esp_event_handler_instance_unregister(esp_event_base_t base, int32_t id, esp_event_handler_instance_t instance)
{
    ENTER(esp_event_handler_instance_unregister);
    struct registration *r = instance;
    pthread_mutex_lock(&events_lock);
    bool ok = r != NULL && r->used && r->base == base && r->id == id;
    if (ok) {
        r->used = false;
    }
    pthread_mutex_unlock(&events_lock);
    return ok ? ESP_OK : ESP_ERR_INVALID_ARG;
}

int32_t dbl_registrations(void)
{
    int32_t n = 0;
    pthread_mutex_lock(&events_lock);
    for (size_t i = 0; i < sizeof(registrations) / sizeof(registrations[0]); i++) {
        n += registrations[i].used;
    }
    pthread_mutex_unlock(&events_lock);
    return n;
}

void dbl_forget_registrations(void)
{
    pthread_mutex_lock(&events_lock);
    memset(registrations, 0, sizeof(registrations));
    pthread_mutex_unlock(&events_lock);
}

static void post(esp_event_base_t base, int32_t id, void *data)
{
    struct registration all[16];
    pthread_mutex_lock(&events_lock);
    memcpy(all, registrations, sizeof(all));
    pthread_mutex_unlock(&events_lock);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].used && all[i].base == base && (all[i].id == id || all[i].id == ESP_EVENT_ANY_ID)) {
            all[i].handler(all[i].arg, base, id, data);
        }
    }
}

void dbl_post(const dbl_event *e)
{
    switch (e->kind) {
    case DBL_STA_START:
        post(WIFI_EVENT, WIFI_EVENT_STA_START, NULL);
        break;
    case DBL_STA_STOP:
        post(WIFI_EVENT, WIFI_EVENT_STA_STOP, NULL);
        break;
    case DBL_SCAN_DONE: {
        wifi_event_sta_scan_done_t d = {.status = e->failed};
        post(WIFI_EVENT, WIFI_EVENT_SCAN_DONE, &d);
        break;
    }
    case DBL_STA_CONNECTED: {
        wifi_event_sta_connected_t c = {.ssid_len = e->ssid_len, .channel = e->channel, .authmode = e->auth};
        memcpy(c.ssid, e->ssid, sizeof(c.ssid));
        memcpy(c.bssid, e->bssid, sizeof(c.bssid));
        post(WIFI_EVENT, WIFI_EVENT_STA_CONNECTED, &c);
        break;
    }
    case DBL_STA_DISCONNECTED: {
        wifi_event_sta_disconnected_t d = {.ssid_len = e->ssid_len, .reason = e->reason, .rssi = e->rssi};
        memcpy(d.ssid, e->ssid, sizeof(d.ssid));
        memcpy(d.bssid, e->bssid, sizeof(d.bssid));
        post(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, &d);
        break;
    }
    case DBL_GOT_IP: {
        ip_event_got_ip_t d = {0};
        memcpy(&d.ip_info.ip.addr, e->ip, 4);
        post(IP_EVENT, IP_EVENT_STA_GOT_IP, &d);
        break;
    }
    case DBL_LOST_IP:
        post(IP_EVENT, IP_EVENT_STA_LOST_IP, NULL);
        break;
    }
}

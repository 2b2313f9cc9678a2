// SPDX-License-Identifier: Apache-2.0

// Life, queue, clock, randomness and log.

#include "wp_private.h"

#include <string.h>

#include "esp_log.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "esp_wifi.h"
#include "freertos/task.h"

portMUX_TYPE wp_lock = portMUX_INITIALIZER_UNLOCKED;
uint16_t wp_lost_packets;

static wp_bell awake; // rung for every entry

static struct {
    wp_event ring[CONFIG_WIFIPROV_EVENTS];
    uint16_t first, count;
    uint32_t number; // of the next event
    uint16_t lost;
} events;

const char *wp_call_name(int32_t call)
{
    static const char *const names[] = {
        "",
#define X(name) #name,
        WP_CALLS(X)
#undef X
    };
    return call >= 0 && call < WP_CALL_END ? names[call] : "";
}

void wp_wipe(void *p, size_t n)
{
    volatile uint8_t *bytes = p;
    while (n > 0) {
        bytes[--n] = 0;
    }
}

bool wp_bell_open(wp_bell *b)
{
    if (b->sem == NULL) {
        b->sem = xSemaphoreCreateBinary();
    }
    return b->sem != NULL;
}

static SemaphoreHandle_t use(wp_bell *b)
{
    portENTER_CRITICAL(&wp_lock);
    SemaphoreHandle_t sem = b->sem;
    b->users += sem != NULL;
    portEXIT_CRITICAL(&wp_lock);
    return sem;
}

// leave ends a use and returns how many there still are.
static int leave(wp_bell *b, int uses)
{
    portENTER_CRITICAL(&wp_lock);
    b->users -= uses;
    int left = b->users;
    portEXIT_CRITICAL(&wp_lock);
    return left;
}

void wp_bell_ring(wp_bell *b)
{
    SemaphoreHandle_t sem = use(b);
    if (sem != NULL) {
        xSemaphoreGive(sem);
        leave(b, 1);
    }
}

bool wp_bell_wait(wp_bell *b, TickType_t ticks)
{
    SemaphoreHandle_t sem = use(b);
    if (sem == NULL) {
        vTaskDelay(ticks);
        return false;
    }
    bool rang = xSemaphoreTake(sem, ticks) == pdTRUE;
    leave(b, 1);
    return rang;
}

void wp_bell_close(wp_bell *b)
{
    portENTER_CRITICAL(&wp_lock);
    SemaphoreHandle_t sem = b->sem;
    b->sem = NULL;
    portEXIT_CRITICAL(&wp_lock);
    if (sem == NULL) {
        return;
    }
    // A task that was deleted while it was at it does not leave. Then the
    // semaphore stays, since nobody can tell.
    for (int tries = 100; leave(b, 0) > 0; tries--) {
        if (tries == 0) {
            b->users = 0;
            return;
        }
        xSemaphoreGive(sem);
        vTaskDelay(1);
    }
    vSemaphoreDelete(sem);
}

wp_result wp_open(void)
{
    if (!wp_bell_open(&awake)) {
        return WP_FAILURE(xSemaphoreCreateBinary, ESP_ERR_NO_MEM);
    }
    wp_forget_events();
    wp_result result = wp_wifi_open();
    if (result != 0) {
        wp_bell_close(&awake);
    }
    return result;
}

wp_result wp_close(void)
{
    wp_result first = wp_http_stop();
    wp_result result = wp_bt_close();
    first = first != 0 ? first : result;
    result = wp_wifi_close();
    first = first != 0 ? first : result;
    if (first == 0) {
        wp_bell_close(&awake);
    }
    return first;
}

void wp_wait(int32_t millis)
{
    // Rounded up, or a wait for less than a tick would be none.
    TickType_t ticks = (TickType_t)(((int64_t)millis * configTICK_RATE_HZ + 999) / 1000);
    wp_bell_wait(&awake, ticks);
}

void wp_wake(void) { wp_bell_ring(&awake); }

void wp_forget_events(void)
{
    portENTER_CRITICAL(&wp_lock);
    events.first = events.count = events.lost = 0;
    wp_lost_packets = 0;
    portEXIT_CRITICAL(&wp_lock);
}

static void put_event(wp_event *e)
{
    portENTER_CRITICAL(&wp_lock);
    e->number = events.number++;
    if (events.count == CONFIG_WIFIPROV_EVENTS) {
        events.lost++;
    } else {
        events.ring[(events.first + events.count) % CONFIG_WIFIPROV_EVENTS] = *e;
        events.count++;
    }
    portEXIT_CRITICAL(&wp_lock);
    wp_wake();
}

int32_t wp_next_event(wp_event *out)
{
    int32_t found = 0;
    portENTER_CRITICAL(&wp_lock);
    if (events.count > 0) {
        *out = events.ring[events.first];
        events.first = (events.first + 1) % CONFIG_WIFIPROV_EVENTS;
        events.count--;
        found = 1;
    }
    portEXIT_CRITICAL(&wp_lock);
    return found;
}

uint32_t wp_event_number(void)
{
    portENTER_CRITICAL(&wp_lock);
    uint32_t number = events.number;
    portEXIT_CRITICAL(&wp_lock);
    return number;
}

uint32_t wp_lost(void)
{
    portENTER_CRITICAL(&wp_lock);
    uint32_t lost = (uint32_t)events.lost << 16 | wp_lost_packets;
    events.lost = wp_lost_packets = 0;
    portEXIT_CRITICAL(&wp_lock);
    return lost;
}

static void copy_bssid(uint8_t *dst, const uint8_t *src) { memcpy(dst, src, 6); }

// copy_ssid copies at most 32 bytes.
static void copy_ssid(wp_event *e, const uint8_t *ssid, uint8_t len)
{
    e->ssid_len = len < sizeof(e->ssid) ? len : sizeof(e->ssid);
    memcpy(e->ssid, ssid, e->ssid_len);
}

void wp_on_wifi_event(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    wp_event e = {0};
    (void)arg;
    (void)base;
    switch (id) {
    case WIFI_EVENT_STA_START:
        e.kind = WP_STA_START;
        break;
    case WIFI_EVENT_STA_STOP:
        e.kind = WP_STA_STOP;
        break;
    case WIFI_EVENT_SCAN_DONE:
        e.kind = WP_SCAN_DONE;
        e.failed = ((wifi_event_sta_scan_done_t *)data)->status != 0;
        break;
    case WIFI_EVENT_STA_CONNECTED: {
        const wifi_event_sta_connected_t *c = data;
        e.kind = WP_STA_CONNECTED;
        copy_ssid(&e, c->ssid, c->ssid_len);
        copy_bssid(e.bssid, c->bssid);
        e.channel = c->channel;
        e.auth = wp_auth(c->authmode);
        wifi_ap_record_t ap;
        if (esp_wifi_sta_get_ap_info(&ap) == ESP_OK) {
            e.rssi = ap.rssi;
        }
        break;
    }
    case WIFI_EVENT_STA_DISCONNECTED: {
        static const uint8_t nobody[6];
        const wifi_event_sta_disconnected_t *d = data;
        e.kind = WP_STA_DISCONNECTED;
        e.reason = d->reason;
        copy_ssid(&e, d->ssid, d->ssid_len);
        copy_bssid(e.bssid, d->bssid);
        e.rssi = d->rssi;
        // The event has no channel, but until the station does something
        // else the radio is on it.
        wifi_second_chan_t second;
        if (memcmp(e.bssid, nobody, sizeof(nobody)) == 0 || esp_wifi_get_channel(&e.channel, &second) != ESP_OK) {
            e.channel = 0;
        }
        break;
    }
    default:
        return;
    }
    put_event(&e);
}

void wp_on_ip_event(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    wp_event e = {.kind = WP_LOST_IP};
    (void)arg;
    (void)base;
    if (id == IP_EVENT_STA_GOT_IP) {
        e.kind = WP_GOT_IP;
        memcpy(e.ip, &((ip_event_got_ip_t *)data)->ip_info.ip.addr, sizeof(e.ip));
    } else if (id != IP_EVENT_STA_LOST_IP) {
        return;
    }
    put_event(&e);
}

int64_t wp_time_us(void) { return esp_timer_get_time(); }

void wp_random(uint8_t *buf, int32_t len) { esp_fill_random(buf, (size_t)len); }

void wp_tell(void (*fn)(void *arg, int32_t event, int32_t reason), void *arg, int32_t event, int32_t reason)
{
    fn(arg, event, reason);
}

void wp_log(int32_t level, const uint8_t *text, int32_t len)
{
    static const char tag[] = "wifiprov";
    switch (level) {
    case ESP_LOG_ERROR:
        ESP_LOGE(tag, "%.*s", (int)len, (const char *)text);
        break;
    case ESP_LOG_WARN:
        ESP_LOGW(tag, "%.*s", (int)len, (const char *)text);
        break;
    case ESP_LOG_INFO:
        ESP_LOGI(tag, "%.*s", (int)len, (const char *)text);
        break;
    default:
        ESP_LOGD(tag, "%.*s", (int)len, (const char *)text);
    }
}

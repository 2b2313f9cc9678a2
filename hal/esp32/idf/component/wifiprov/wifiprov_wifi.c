// SPDX-License-Identifier: Apache-2.0

// Wi-Fi.

#include "wp_private.h"

#include <stdlib.h>
#include <string.h>

#include "esp_netif.h"
#include "esp_wifi.h"
#include "esp_wifi_default.h"
#include "nvs_flash.h"
#include "sdkconfig.h"

// w is what there is, and what of it is ours. What could not be given back stays
// noted for the next time.
static struct {
    esp_netif_t *sta, *ap;
    bool own_sta, own_ap, own_driver;
    esp_event_handler_instance_t wifi, got_ip, lost_ip;
} w;

static wp_result register_handler(esp_event_base_t base, int32_t id, esp_event_handler_t fn,
                                  esp_event_handler_instance_t *handler)
{
    if (*handler == NULL) {
        esp_event_handler_instance_t instance = NULL;
        TRY(esp_event_handler_instance_register, base, id, fn, NULL, &instance);
        *handler = instance;
    }
    return 0;
}

static wp_result register_handlers(void)
{
    wp_result result = register_handler(WIFI_EVENT, ESP_EVENT_ANY_ID, wp_on_wifi_event, &w.wifi);
    if (result == 0) {
        result = register_handler(IP_EVENT, IP_EVENT_STA_GOT_IP, wp_on_ip_event, &w.got_ip);
    }
    if (result == 0) {
        result = register_handler(IP_EVENT, IP_EVENT_STA_LOST_IP, wp_on_ip_event, &w.lost_ip);
    }
    return result;
}

static wp_result bring_up_netifs(void)
{
    if (w.sta == NULL) {
        w.sta = esp_netif_get_handle_from_ifkey("WIFI_STA_DEF");
    }
    if (w.sta == NULL) {
        w.sta = esp_netif_create_default_wifi_sta();
        if (w.sta == NULL) {
            return WP_FAILURE(esp_netif_create_default_wifi_sta, ESP_ERR_NO_MEM);
        }
        w.own_sta = true;
    }
    if (w.ap == NULL) {
        w.ap = esp_netif_get_handle_from_ifkey("WIFI_AP_DEF");
    }
    if (w.ap == NULL) {
        w.ap = esp_netif_create_default_wifi_ap();
        if (w.ap == NULL) {
            return WP_FAILURE(esp_netif_create_default_wifi_ap, ESP_ERR_NO_MEM);
        }
        w.own_ap = true;
    }
    return 0;
}

static wp_result bring_up(void)
{
    TRY(nvs_flash_init);
    TRY(esp_netif_init);
    esp_err_t err = esp_event_loop_create_default();
    if (err != ESP_OK && err != ESP_ERR_INVALID_STATE) { // there is one
        return WP_FAILURE(esp_event_loop_create_default, err);
    }
    wp_result result = bring_up_netifs();
    if (result != 0) {
        return result;
    }
    wifi_mode_t mode;
    err = esp_wifi_get_mode(&mode);
    if (err == ESP_ERR_WIFI_NOT_INIT) {
        wifi_init_config_t cfg = WIFI_INIT_CONFIG_DEFAULT();
        TRY(esp_wifi_init, &cfg);
        w.own_driver = true;
    } else if (err != ESP_OK) {
        return WP_FAILURE(esp_wifi_get_mode, err);
    }
    return register_handlers();
}

wp_result wp_wifi_open(void)
{
    wp_result result = bring_up();
    if (result != 0) {
        wp_wifi_close();
    }
    return result;
}

static void unregister(wp_result *first, esp_event_base_t base, int32_t id, esp_event_handler_instance_t *handler)
{
    if (*handler == NULL) {
        return;
    }
    esp_err_t err = esp_event_handler_instance_unregister(base, id, *handler);
    if (err == ESP_OK) {
        *handler = NULL;
    } else if (*first == 0) {
        *first = WP_FAILURE(esp_event_handler_instance_unregister, err);
    }
}

static wp_result stop_driver(void)
{
    TRY(esp_wifi_stop);
    TRY(esp_wifi_deinit);
    w.own_driver = false;
    return 0;
}

wp_result wp_wifi_close(void)
{
    wp_result first = 0;
    unregister(&first, WIFI_EVENT, ESP_EVENT_ANY_ID, &w.wifi);
    unregister(&first, IP_EVENT, IP_EVENT_STA_GOT_IP, &w.got_ip);
    unregister(&first, IP_EVENT, IP_EVENT_STA_LOST_IP, &w.lost_ip);
    if (w.own_driver) {
        wp_result result = stop_driver();
        first = first != 0 ? first : result;
        if (result != 0) {
            return first; // the driver uses the interfaces
        }
    }
    if (w.own_ap) {
        esp_netif_destroy_default_wifi(w.ap);
    }
    if (w.own_sta) {
        esp_netif_destroy_default_wifi(w.sta);
    }
    w.own_ap = w.own_sta = false;
    w.ap = w.sta = NULL;
    return first;
}

wp_result wp_set_mode(int32_t mode)
{
    TRY(esp_wifi_set_mode, (wifi_mode_t)mode);
    return 0;
}

wp_result wp_start(void)
{
    TRY(esp_wifi_start);
    return 0;
}

wp_result wp_set_storage(int32_t ram)
{
    TRY(esp_wifi_set_storage, ram ? WIFI_STORAGE_RAM : WIFI_STORAGE_FLASH);
    return 0;
}

wp_result wp_set_station(const wp_station *cfg)
{
    wifi_config_t c = {0};
    memcpy(c.sta.ssid, cfg->ssid, cfg->ssid_len);
    memcpy(c.sta.password, cfg->password, cfg->password_len);
    c.sta.scan_method = (wifi_scan_method_t)cfg->scan_method;
    c.sta.bssid_set = cfg->bssid_set != 0;
    memcpy(c.sta.bssid, cfg->bssid, sizeof(c.sta.bssid));
    c.sta.channel = cfg->channel;
    c.sta.threshold.authmode = wp_idf_auth(cfg->auth);
    c.sta.pmf_cfg.capable = true; // v5 takes it for granted; v4.4 needs it for WPA3
    esp_err_t err = esp_wifi_set_config(WIFI_IF_STA, &c);
    wp_wipe(&c, sizeof(c));
    return err == ESP_OK ? 0 : WP_FAILURE(esp_wifi_set_config, err);
}

// length is that of a field which ends with zeros.
static uint8_t length(const uint8_t *field, size_t size)
{
    while (size > 0 && field[size - 1] == 0) {
        size--;
    }
    return (uint8_t)size;
}

wp_result wp_get_station(wp_station *out)
{
    wifi_config_t c = {0};
    TRY(esp_wifi_get_config, WIFI_IF_STA, &c);
    memset(out, 0, sizeof(*out));
    out->ssid_len = length(c.sta.ssid, sizeof(c.sta.ssid));
    memcpy(out->ssid, c.sta.ssid, sizeof(out->ssid));
    out->password_len = (uint8_t)strnlen((const char *)c.sta.password, sizeof(c.sta.password));
    memcpy(out->password, c.sta.password, out->password_len);
    out->scan_method = (uint8_t)c.sta.scan_method;
    out->bssid_set = c.sta.bssid_set;
    memcpy(out->bssid, c.sta.bssid, sizeof(out->bssid));
    out->channel = c.sta.channel;
    out->auth = wp_auth(c.sta.threshold.authmode);
    wp_wipe(&c, sizeof(c));
    return 0;
}

wp_result wp_restore(void)
{
    TRY(esp_wifi_restore);
    return 0;
}

wp_result wp_connect(void)
{
    TRY(esp_wifi_connect);
    return 0;
}

wp_result wp_disconnect(void)
{
    TRY(esp_wifi_disconnect);
    return 0;
}

wp_result wp_scan_start(int32_t channel, int32_t passive, uint32_t period_ms)
{
    wifi_scan_config_t c = {0};
    c.channel = (uint8_t)channel;
    if (passive) {
        c.scan_type = WIFI_SCAN_TYPE_PASSIVE;
        c.scan_time.passive = period_ms;
    } else {
        c.scan_type = WIFI_SCAN_TYPE_ACTIVE;
        c.scan_time.active.min = period_ms;
        c.scan_time.active.max = period_ms;
    }
    TRY(esp_wifi_scan_start, &c, false);
    return 0;
}

wp_result wp_scan_stop(void)
{
    TRY(esp_wifi_scan_stop);
    return 0;
}

uint32_t wp_scan_bands(void)
{
#if CONFIG_SOC_WIFI_SUPPORT_5G
    wifi_band_mode_t mode;
    wifi_country_t country = {0};
    if (esp_wifi_get_band_mode(&mode) != ESP_OK || esp_wifi_get_country(&country) != ESP_OK) {
        return 0;
    }
    uint32_t bands = mode == WIFI_BAND_MODE_5G_ONLY ? 0 : WP_BAND_2G;
    if (mode != WIFI_BAND_MODE_2G_ONLY) {
        uint32_t mask = country.wifi_5g_channel_mask & WP_BAND_5G;
        bands |= mask != 0 ? mask : WP_BAND_5G; // none: the country allows all
    }
    return bands;
#else
    return 0;
#endif
}

static void copy_record(wp_ap *out, const wifi_ap_record_t *ap)
{
    out->ssid_len = (uint8_t)strnlen((const char *)ap->ssid, sizeof(out->ssid));
    memcpy(out->ssid, ap->ssid, sizeof(out->ssid));
    memcpy(out->bssid, ap->bssid, sizeof(out->bssid));
    out->channel = ap->primary;
    out->rssi = ap->rssi;
    out->auth = wp_auth(ap->authmode);
}

static wp_result take_records(wp_ap *out, int32_t *count, uint16_t room)
{
    uint16_t n = 0;
    TRY(esp_wifi_scan_get_ap_num, &n);
    n = n < room ? n : room;
    // The driver sorts them, and forgets those that do not fit. It wants room
    // for one at least.
    uint16_t ask = n > 0 ? n : 1;
    wifi_ap_record_t *records = calloc(ask, sizeof(*records));
    if (records == NULL) {
        return WP_FAILURE(malloc, ESP_ERR_NO_MEM);
    }
    esp_err_t err = esp_wifi_scan_get_ap_records(&ask, records);
    if (err == ESP_OK) {
        n = ask < n ? ask : n;
        for (uint16_t i = 0; i < n; i++) {
            copy_record(&out[i], &records[i]);
        }
        *count = n;
    }
    free(records);
    return err == ESP_OK ? 0 : WP_FAILURE(esp_wifi_scan_get_ap_records, err);
}

wp_result wp_scan_results(wp_ap *out, int32_t *count)
{
    uint16_t room = (uint16_t)*count;
    *count = 0;
    wp_result result = take_records(out, count, room);
    if (result != 0) {
        esp_wifi_clear_ap_list(); // the driver keeps them otherwise, on a heap that may be full
    }
    return result;
}

wp_result wp_link(wp_ap *out)
{
    wifi_ap_record_t ap = {0};
    TRY(esp_wifi_sta_get_ap_info, &ap);
    copy_record(out, &ap);
    return 0;
}

wp_result wp_ip_config(wp_ip *out)
{
    esp_netif_ip_info_t ip = {0};
    esp_netif_dns_info_t dns = {0};
    TRY(esp_netif_get_ip_info, w.sta, &ip);
    TRY(esp_netif_get_dns_info, w.sta, ESP_NETIF_DNS_MAIN, &dns);
    memcpy(out->address, &ip.ip.addr, 4);
    memcpy(out->netmask, &ip.netmask.addr, 4);
    memcpy(out->gateway, &ip.gw.addr, 4);
    memset(out->dns, 0, 4);
    if (dns.ip.type == ESP_IPADDR_TYPE_V4) {
        memcpy(out->dns, &dns.ip.u_addr.ip4.addr, 4);
    }
    return 0;
}

static wp_result open_softap(const wp_softap *cfg)
{
    TRY(esp_wifi_set_mode, WIFI_MODE_APSTA);
    wifi_config_t c = {0};
    memcpy(c.ap.ssid, cfg->ssid, cfg->ssid_len);
    memcpy(c.ap.password, cfg->key, cfg->key_len);
    c.ap.ssid_len = cfg->ssid_len;
    c.ap.authmode = wp_idf_auth(cfg->auth);
    c.ap.channel = cfg->channel;
    c.ap.max_connection = cfg->max_stations;
    esp_err_t err = esp_wifi_set_config(WIFI_IF_AP, &c);
    wp_wipe(&c, sizeof(c));
    return err == ESP_OK ? 0 : WP_FAILURE(esp_wifi_set_config, err);
}

wp_result wp_softap_start(const wp_softap *cfg, int32_t ram)
{
    TRY(esp_wifi_set_storage, WIFI_STORAGE_RAM);
    wp_result result = open_softap(cfg);
    wp_result back = wp_set_storage(ram);
    result = result != 0 ? result : back;
    if (result != 0) {
        wp_softap_stop(ram);
    }
    return result;
}

wp_result wp_softap_stop(int32_t ram)
{
    TRY(esp_wifi_set_storage, WIFI_STORAGE_RAM);
    wp_result result = wp_set_mode(WIFI_MODE_STA);
    wp_result back = wp_set_storage(ram);
    return result != 0 ? result : back;
}

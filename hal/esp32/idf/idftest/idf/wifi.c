// SPDX-License-Identifier: Apache-2.0

// The double of ESP-IDF's calls: network interfaces and Wi-Fi. Each call asks the Go side (host.go)
// whether it is to fail, and hands what it is about over in plain types.

#include <stdbool.h>
#include <string.h>

#include "esp_netif.h"
#include "esp_wifi.h"
#include "esp_wifi_default.h"

// Network interfaces

struct esp_netif_obj {
    bool ap;
};

esp_err_t esp_netif_init(void)
{
    ENTER(esp_netif_init);
    return ESP_OK;
}

static esp_netif_t netifs[2] = {{false}, {true}};
static bool netif_exists[2];

esp_netif_t *esp_netif_get_handle_from_ifkey(const char *key)
{
    bool ap = strcmp(key, "WIFI_AP_DEF") == 0;
    return netif_exists[ap] ? &netifs[ap] : NULL;
}

static esp_netif_t *create(const char *call, bool ap)
{
    if (idfEnter((char *)call) != 0 || netif_exists[ap]) {
        return NULL;
    }
    netif_exists[ap] = true;
    return &netifs[ap];
}

esp_netif_t *esp_netif_create_default_wifi_sta(void) { return create("esp_netif_create_default_wifi_sta", false); }
esp_netif_t *esp_netif_create_default_wifi_ap(void) { return create("esp_netif_create_default_wifi_ap", true); }
void esp_netif_destroy_default_wifi(void *netif) { netif_exists[((esp_netif_t *)netif)->ap] = false; }
int32_t dbl_netifs(void) { return netif_exists[0] + netif_exists[1]; }
void dbl_forget_netifs(void) { memset(netif_exists, 0, sizeof(netif_exists)); }

esp_err_t esp_netif_get_ip_info(esp_netif_t *netif, esp_netif_ip_info_t *info)
{
    ENTER(esp_netif_get_ip_info);
    if (netif != &netifs[0]) {
        return 0x5001;
    }
    idfIPInfo((uint8_t *)&info->ip.addr, (uint8_t *)&info->netmask.addr, (uint8_t *)&info->gw.addr);
    return ESP_OK;
}

esp_err_t esp_netif_get_dns_info(esp_netif_t *netif, esp_netif_dns_type_t type, esp_netif_dns_info_t *dns)
{
    ENTER(esp_netif_get_dns_info);
    if (netif != &netifs[0] || type != ESP_NETIF_DNS_MAIN) {
        return 0x5001;
    }
    dns->ip.type = ESP_IPADDR_TYPE_V4;
    idfDNS((uint8_t *)&dns->ip.u_addr.ip4.addr);
    return ESP_OK;
}

// Wi-Fi

esp_err_t esp_wifi_init(const wifi_init_config_t *config)
{
    ENTER(esp_wifi_init);
    return config->magic == WIFI_INIT_CONFIG_MAGIC ? idfWiFiInit() : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_wifi_deinit(void)
{
    ENTER(esp_wifi_deinit);
    return idfWiFiDeinit();
}

esp_err_t esp_wifi_set_mode(wifi_mode_t mode)
{
    ENTER(esp_wifi_set_mode);
    return idfSetMode(mode);
}

esp_err_t esp_wifi_get_mode(wifi_mode_t *mode)
{
    ENTER(esp_wifi_get_mode);
    int32_t m = idfMode();
    if (m < 0) {
        return ESP_ERR_WIFI_NOT_INIT;
    }
    *mode = (wifi_mode_t)m;
    return ESP_OK;
}

// SIMPLE is a call without arguments.
#define SIMPLE(call, go) \
    esp_err_t call(void) \
    { \
        ENTER(call); \
        return go(); \
    }

SIMPLE(esp_wifi_start, idfWiFiStart)
SIMPLE(esp_wifi_stop, idfWiFiStop)
SIMPLE(esp_wifi_restore, idfWiFiRestore)
SIMPLE(esp_wifi_connect, idfWiFiConnect)
SIMPLE(esp_wifi_disconnect, idfWiFiDisconnect)
SIMPLE(esp_wifi_scan_stop, idfScanStop)

esp_err_t esp_wifi_get_band_mode(wifi_band_mode_t *mode)
{
    ENTER(esp_wifi_get_band_mode);
    *mode = idfBandMode();
    return ESP_OK;
}

esp_err_t esp_wifi_get_country(wifi_country_t *country)
{
    ENTER(esp_wifi_get_country);
    *country = (wifi_country_t){.cc = "01", .schan = 1, .nchan = 11, .wifi_5g_channel_mask = idfCountryMask()};
    return ESP_OK;
}

esp_err_t esp_wifi_scan_start(const wifi_scan_config_t *c, bool block)
{
    ENTER(esp_wifi_scan_start);
    if (block || c->show_hidden) {
        return ESP_ERR_INVALID_ARG; // nobody uses them
    }
    bool passive = c->scan_type == WIFI_SCAN_TYPE_PASSIVE;
    return idfScanStart(c->channel, passive, passive ? c->scan_time.passive : c->scan_time.active.max);
}

esp_err_t esp_wifi_scan_get_ap_num(uint16_t *number)
{
    ENTER(esp_wifi_scan_get_ap_num);
    int32_t n = idfScanCount();
    if (n < 0) {
        return ESP_ERR_WIFI_NOT_STARTED;
    }
    *number = (uint16_t)n;
    return ESP_OK;
}

static void copy_record(wifi_ap_record_t *out, const dbl_ap *ap)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->bssid, ap->bssid, sizeof(out->bssid));
    memcpy(out->ssid, ap->ssid, 32);
    out->primary = ap->channel;
    out->rssi = ap->rssi;
    out->authmode = ap->auth;
}

esp_err_t esp_wifi_scan_get_ap_records(uint16_t *number, wifi_ap_record_t *records)
{
    ENTER(esp_wifi_scan_get_ap_records);
    if (*number == 0) {
        return ESP_ERR_INVALID_ARG;
    }
    uint16_t n = 0;
    dbl_ap ap;
    while (n < *number && idfScanRecord(n, &ap)) {
        copy_record(&records[n++], &ap);
    }
    *number = n;
    idfScanForget();
    return ESP_OK;
}

esp_err_t esp_wifi_clear_ap_list(void)
{
    ENTER(esp_wifi_clear_ap_list);
    idfScanForget();
    return ESP_OK;
}

esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *record)
{
    ENTER(esp_wifi_sta_get_ap_info);
    dbl_ap ap;
    esp_err_t err = idfAPInfo(&ap);
    if (err == ESP_OK) {
        copy_record(record, &ap);
    }
    return err;
}

esp_err_t esp_wifi_get_channel(uint8_t *primary, wifi_second_chan_t *second)
{
    ENTER(esp_wifi_get_channel);
    *primary = (uint8_t)idfChannel();
    *second = WIFI_SECOND_CHAN_NONE;
    return ESP_OK;
}

esp_err_t esp_wifi_set_storage(wifi_storage_t storage)
{
    ENTER(esp_wifi_set_storage);
    return idfSetStorage(storage);
}

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *c)
{
    ENTER(esp_wifi_set_config);
    dbl_config d = {0};
    if (interface == WIFI_IF_AP) {
        memcpy(d.ssid, c->ap.ssid, 32);
        memcpy(d.password, c->ap.password, 64);
        d.ssid_len = c->ap.ssid_len;
        d.channel = c->ap.channel;
        d.auth = c->ap.authmode;
        d.max_connection = c->ap.max_connection;
        return idfSetAP(&d);
    }
    memcpy(d.ssid, c->sta.ssid, 32);
    memcpy(d.password, c->sta.password, 64);
    d.scan_method = c->sta.scan_method;
    d.bssid_set = c->sta.bssid_set;
    memcpy(d.bssid, c->sta.bssid, 6);
    d.channel = c->sta.channel;
    d.auth = c->sta.threshold.authmode;
    return idfSetStation(&d);
}

esp_err_t esp_wifi_get_config(wifi_interface_t interface, wifi_config_t *c)
{
    ENTER(esp_wifi_get_config);
    if (interface != WIFI_IF_STA) {
        return ESP_ERR_WIFI_IF; // nobody asks
    }
    dbl_config d = {0};
    esp_err_t err = idfStation(&d);
    if (err != ESP_OK) {
        return err;
    }
    memcpy(c->sta.ssid, d.ssid, 32);
    memcpy(c->sta.password, d.password, 64);
    c->sta.scan_method = d.scan_method;
    c->sta.bssid_set = d.bssid_set;
    memcpy(c->sta.bssid, d.bssid, 6);
    c->sta.channel = d.channel;
    c->sta.threshold.authmode = d.auth;
    return ESP_OK;
}

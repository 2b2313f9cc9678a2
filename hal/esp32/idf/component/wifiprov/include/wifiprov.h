// SPDX-License-Identifier: Apache-2.0

// Wi-Fi provisioning in Go, for applications in C. The functions are in the
// object or archive that a Go compiler makes of the application's Go package
// (examples/boards/idf has one), and have to be called by one task.
//
//	wifiprov_config_t cfg = WIFIPROV_CONFIG_DEFAULT(); // what menuconfig says
//	if (wifiprov_init(&cfg) == 0 && wifiprov_is_provisioned() == 0) {
//	    wifiprov_start();
//	    while (wifiprov_pump(1000)) {
//	    }
//	}
//
// Functions that return int32_t return 0 for success and -1 for a failure,
// which wifiprov_error describes, unless they say otherwise.

#pragma once

#include <stddef.h>
#include <stdint.h>

// What menuconfig says is of no concern to the Go compiler, which does not find it.
#if __has_include("sdkconfig.h")
#include "sdkconfig.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum wifiprov_scheme {
    WIFIPROV_SOFTAP,
    WIFIPROV_BLE,
};

// Events, with the numbers of ESP-IDF v4.4's wifi_prov_cb_event_t.
enum wifiprov_event {
    WIFIPROV_INIT,
    WIFIPROV_START,
    WIFIPROV_CRED_RECV,
    WIFIPROV_CRED_FAIL,
    WIFIPROV_CRED_SUCCESS,
    WIFIPROV_END,
    WIFIPROV_DEINIT,
};

// Why credentials failed, with the numbers of wifi_prov_sta_fail_reason_t.
enum wifiprov_reason {
    WIFIPROV_AUTH_ERROR,
    WIFIPROV_AP_NOT_FOUND,
};

// wifiprov_event_fn is told of events from inside of the functions below.
// reason belongs to WIFIPROV_CRED_FAIL. It may call wifiprov_stop.
typedef void (*wifiprov_event_fn)(void *arg, int32_t event, int32_t reason);

typedef struct {
    int32_t scheme;        // enum wifiprov_scheme
    int32_t security;      // 0, 1 or 2
    char *service_name;    // SSID or Bluetooth device name
    char *service_key;     // SoftAP: passphrase; NULL or empty: open
    char *pop;             // security 1; NULL or empty: none
    char *salt, *verifier; // security 2, in hexadecimal digits
    wifiprov_event_fn on_event; // NULL: nobody is told
    void *arg;
} wifiprov_config_t;

// wifiprov_init brings Wi-Fi up, or uses what the application has brought up,
// and prepares the service. The texts of cfg are copied.
int32_t wifiprov_init(wifiprov_config_t *cfg);

// wifiprov_is_provisioned returns 1 if a network is configured, 0 if none is, -1
// after a failure.
int32_t wifiprov_is_provisioned(void);

// wifiprov_connect joins the network that is configured, without provisioning.
int32_t wifiprov_connect(void);

// wifiprov_start starts the service.
int32_t wifiprov_start(void);

// wifiprov_pump runs what has happened, or waits for something, at most that
// long. It returns 1 while the service runs, 0 when it has ended.
int32_t wifiprov_pump(int32_t millis);

// wifiprov_stop ends the service in a second; wifiprov_pump has to go on until
// then.
void wifiprov_stop(void);

// wifiprov_reset erases the credentials.
int32_t wifiprov_reset(void);

// wifiprov_deinit ends everything that wifiprov_init began, a running service
// too. Wi-Fi goes down unless the application brought it up.
int32_t wifiprov_deinit(void);

// wifiprov_error copies what the last failure was, ended with a zero, and returns
// its length.
int32_t wifiprov_error(char *buf, int32_t size);

#if CONFIG_WIFIPROV_SCHEME_BLE
#define WIFIPROV_DEFAULT_SCHEME WIFIPROV_BLE
#else
#define WIFIPROV_DEFAULT_SCHEME WIFIPROV_SOFTAP
#endif
#ifndef CONFIG_WIFIPROV_SECURITY
#define CONFIG_WIFIPROV_SECURITY 1
#endif
#ifndef CONFIG_WIFIPROV_SERVICE_NAME
#define CONFIG_WIFIPROV_SERVICE_NAME "PROV_ESP32"
#endif
#ifndef CONFIG_WIFIPROV_SERVICE_KEY
#define CONFIG_WIFIPROV_SERVICE_KEY ""
#endif
#ifndef CONFIG_WIFIPROV_POP
#define CONFIG_WIFIPROV_POP ""
#endif
#ifndef CONFIG_WIFIPROV_SALT
#define CONFIG_WIFIPROV_SALT ""
#endif
#ifndef CONFIG_WIFIPROV_VERIFIER
#define CONFIG_WIFIPROV_VERIFIER ""
#endif

// WIFIPROV_CONFIG_DEFAULT is what menuconfig says.
#define WIFIPROV_CONFIG_DEFAULT() { \
    .scheme = WIFIPROV_DEFAULT_SCHEME, \
    .security = CONFIG_WIFIPROV_SECURITY, \
    .service_name = (char *)CONFIG_WIFIPROV_SERVICE_NAME, \
    .service_key = (char *)CONFIG_WIFIPROV_SERVICE_KEY, \
    .pop = (char *)CONFIG_WIFIPROV_POP, \
    .salt = (char *)CONFIG_WIFIPROV_SALT, \
    .verifier = (char *)CONFIG_WIFIPROV_VERIFIER, \
    .on_event = NULL, \
    .arg = NULL, \
}

#ifdef __cplusplus
}
#endif

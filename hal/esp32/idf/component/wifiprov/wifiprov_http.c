// SPDX-License-Identifier: Apache-2.0

// HTTP through ESP-IDF's server, which has one task. That task fills the slot
// with a request and waits until the application's task has answered it:
//
//	IDLE --fill--> FILLING --> READY --wp_http_next--> TAKEN --answer--> ANSWERED
//	                             |                       |                  |
//	                           IDLE (time-out, stop)  ABANDONED           sent: IDLE
//
// An abandoned slot is the application's until it answers. A slot is freed when
// neither server nor application use it any more.

#include "wp_private.h"

#include <stdlib.h>
#include <string.h>

#include "esp_http_server.h"
#include "lwip/sockets.h"

#define PATH_MAX_BYTES 512
#define COOKIE_MAX_BYTES 512
#define BODY_MAX_BYTES 4096
#define WORD_MAX_BYTES 128 // of the headers that browsers send
#define REMOTE_MAX_BYTES 20 // an IPv6 address and the number of its interface

// ANSWER_TICKS is how long the server's task waits for an answer. The longest
// scan that a client may ask for takes 23 s, and the answer waits for its end.
#define ANSWER_TICKS pdMS_TO_TICKS(40000)

enum state { IDLE, FILLING, READY, TAKEN, ABANDONED, ANSWERED };

struct slot {
    enum state state; // guarded by wp_lock
    bool stopping;    // guarded by wp_lock
    int users;        // guarded by wp_lock
    SemaphoreHandle_t answered;
    int conn;
    bool post;
    int32_t path_len, cookie_len, remote_len, host_len, origin_len, site_len, body_len;
    uint8_t remote[REMOTE_MAX_BYTES];
    char host[WORD_MAX_BYTES], origin[WORD_MAX_BYTES], site[WORD_MAX_BYTES];
    char path[PATH_MAX_BYTES];
    char cookie[COOKIE_MAX_BYTES]; // of the request, then of the answer
    uint8_t body[BODY_MAX_BYTES];  // of the request, then of the answer
    // The answer.
    int status; // 0: none
    bool close;
    uint8_t *answer; // body, or memory of its own
    int32_t answer_len;
};

static httpd_handle_t server;
static struct slot *slot; // of the server; guarded by wp_lock where both tasks may be at it

// closed are connections that are gone, each once.
static struct {
    int ring[32];
    uint16_t count;
} closed;

// leave ends the use of a slot.
static void leave(struct slot *s)
{
    portENTER_CRITICAL(&wp_lock);
    bool last = --s->users == 0;
    portEXIT_CRITICAL(&wp_lock);
    if (!last) {
        return;
    }
    if (s->answered != NULL) {
        vSemaphoreDelete(s->answered);
    }
    wp_wipe(s, sizeof(*s)); // bodies may have been credentials
    free(s);
}

// change takes a slot from one state to another, if it is in that one.
static bool change(struct slot *s, enum state from, enum state to)
{
    portENTER_CRITICAL(&wp_lock);
    bool is = s->state == from && !(s->stopping && to == FILLING);
    if (is) {
        s->state = to;
    }
    portEXIT_CRITICAL(&wp_lock);
    return is;
}

// on_session_end is called when a connection that brought a request is closed.
static void on_session_end(void *ctx)
{
    int conn = (int)(intptr_t)ctx - 1;
    portENTER_CRITICAL(&wp_lock);
    bool known = false;
    for (int i = 0; i < closed.count; i++) {
        known = known || closed.ring[i] == conn;
    }
    // There are fewer sockets than places.
    if (!known && closed.count < sizeof(closed.ring) / sizeof(closed.ring[0])) {
        closed.ring[closed.count++] = conn;
    }
    portEXIT_CRITICAL(&wp_lock);
    wp_wake();
}

int32_t wp_http_closed(void)
{
    int32_t conn = -1;
    portENTER_CRITICAL(&wp_lock);
    if (closed.count > 0) {
        conn = closed.ring[--closed.count];
    }
    portEXIT_CRITICAL(&wp_lock);
    return conn;
}

// header reads a header line, and returns its length; 0: there is none. One that
// is too long or cannot be read becomes a "?", which is nobody's word.
static int32_t header(httpd_req_t *r, const char *name, char *out)
{
    size_t n = httpd_req_get_hdr_value_len(r, name);
    if (n > 0 && (n >= WORD_MAX_BYTES || httpd_req_get_hdr_value_str(r, name, out, WORD_MAX_BYTES) != ESP_OK)) {
        out[0] = '?';
        return 1;
    }
    return (int32_t)n;
}

// remote_of stores the client's address, and of an IPv6 one its interface, and
// returns the length; 0: it is not known.
static int32_t remote_of(int fd, uint8_t *out)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    if (getpeername(fd, (struct sockaddr *)&storage, &len) != 0) {
        return 0;
    }
    if (storage.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
        memcpy(out, &v4->sin_addr, sizeof(v4->sin_addr));
        return sizeof(v4->sin_addr);
    }
#if LWIP_IPV6
    if (storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
        uint32_t scope = v6->sin6_scope_id;
        memcpy(out, &v6->sin6_addr, sizeof(v6->sin6_addr));
        memcpy(out + sizeof(v6->sin6_addr), &scope, sizeof(scope));
        return sizeof(v6->sin6_addr) + sizeof(scope);
    }
#endif
    return 0;
}

// fill reads a request into the slot, which is FILLING.
static esp_err_t fill(struct slot *s, httpd_req_t *r)
{
    s->conn = httpd_req_to_sockfd(r);
    s->post = r->method == HTTP_POST;
    s->path_len = (int32_t)strcspn(r->uri, "?");
    if (s->conn < 0 || s->path_len > PATH_MAX_BYTES) {
        return ESP_FAIL;
    }
    memcpy(s->path, r->uri, (size_t)s->path_len);
    size_t n = httpd_req_get_hdr_value_len(r, "Cookie");
    s->cookie_len = 0;
    if (n > 0 && n < COOKIE_MAX_BYTES && httpd_req_get_hdr_value_str(r, "Cookie", s->cookie, COOKIE_MAX_BYTES) == ESP_OK) {
        s->cookie_len = (int32_t)n;
    }
    s->remote_len = remote_of(s->conn, s->remote);
    s->host_len = header(r, "Host", s->host);
    s->origin_len = header(r, "Origin", s->origin);
    s->site_len = header(r, "Sec-Fetch-Site", s->site);
    s->body_len = 0;
    if (!s->post) {
        return ESP_OK;
    }
    if (r->content_len > BODY_MAX_BYTES) {
        return ESP_FAIL;
    }
    while ((size_t)s->body_len < r->content_len) {
        int got = httpd_req_recv(r, (char *)s->body + s->body_len, r->content_len - (size_t)s->body_len);
        if (got <= 0) {
            return ESP_FAIL;
        }
        s->body_len += got;
    }
    return ESP_OK;
}

static const char *status_line(int status)
{
    switch (status) {
    case 200:
        return "200 OK";
    case 403:
        return "403 Forbidden";
    case 404:
        return "404 Not Found";
    case 405:
        return "405 Method Not Allowed";
    }
    return "500 Internal Server Error";
}

static esp_err_t send_answer(struct slot *s, httpd_req_t *r)
{
    if (s->status == 0) {
        return ESP_FAIL;
    }
    esp_err_t err = httpd_resp_set_status(r, status_line(s->status));
    if (err == ESP_OK) {
        err = httpd_resp_set_type(r, "text/html");
    }
    if (err == ESP_OK && s->cookie_len > 0) {
        err = httpd_resp_set_hdr(r, "Set-Cookie", s->cookie);
    }
    if (err == ESP_OK) {
        err = httpd_resp_send(r, (const char *)s->answer, s->answer_len);
    }
    return s->close ? ESP_FAIL : err;
}

// on_request runs in the server's task. An error makes the server close the
// connection.
static esp_err_t on_request(httpd_req_t *r)
{
    struct slot *s = slot;
    if (s == NULL || !change(s, IDLE, FILLING)) {
        return ESP_FAIL; // stopped, or the application is busy with a request that was given up
    }
    if (r->sess_ctx == NULL) {
        r->sess_ctx = (void *)((intptr_t)httpd_req_to_sockfd(r) + 1);
        r->free_ctx = on_session_end;
    }
    if (fill(s, r) != ESP_OK) {
        change(s, FILLING, IDLE);
        return ESP_FAIL;
    }
    xSemaphoreTake(s->answered, 0); // of a request that was given up
    change(s, FILLING, READY);
    wp_wake();
    portENTER_CRITICAL(&wp_lock);
    bool stopping = s->stopping;
    portEXIT_CRITICAL(&wp_lock);
    if (!stopping) {
        xSemaphoreTake(s->answered, ANSWER_TICKS);
    }
    if (change(s, READY, IDLE) || change(s, TAKEN, ABANDONED)) {
        return ESP_FAIL; // stopped, or out of time
    }
    esp_err_t err = send_answer(s, r);
    if (s->answer != s->body) {
        free(s->answer);
    }
    s->answer = NULL;
    change(s, ANSWERED, IDLE);
    return err;
}

// on_wrong_method is what the server does with a path that only takes POST,
// which is every path here.
static esp_err_t on_wrong_method(httpd_req_t *r, httpd_err_code_t error)
{
    (void)error;
    on_request(r);
    return ESP_FAIL;
}

static wp_result serve(int32_t port)
{
    httpd_config_t cfg = HTTPD_DEFAULT_CONFIG();
    cfg.server_port = (uint16_t)port;
    cfg.max_open_sockets = CONFIG_WIFIPROV_HTTP_SOCKETS;
    cfg.max_uri_handlers = 1;
    cfg.lru_purge_enable = true;
    cfg.uri_match_fn = httpd_uri_match_wildcard;
    TRY(httpd_start, &server, &cfg);
    const httpd_uri_t everything = {.uri = "/*", .method = HTTP_POST, .handler = on_request};
    TRY(httpd_register_uri_handler, server, &everything);
    TRY(httpd_register_err_handler, server, HTTPD_405_METHOD_NOT_ALLOWED, on_wrong_method);
    return 0;
}

// drop_slot takes the server's slot away.
static void drop_slot(void)
{
    portENTER_CRITICAL(&wp_lock);
    struct slot *s = slot;
    slot = NULL;
    closed.count = 0;
    portEXIT_CRITICAL(&wp_lock);
    leave(s);
}

wp_result wp_http_start(int32_t port)
{
    slot = calloc(1, sizeof(*slot));
    if (slot == NULL) {
        return WP_FAILURE(malloc, ESP_ERR_NO_MEM);
    }
    slot->users = 1;
    slot->answered = xSemaphoreCreateBinary();
    if (slot->answered == NULL) {
        drop_slot();
        return WP_FAILURE(xSemaphoreCreateBinary, ESP_ERR_NO_MEM);
    }
    wp_result result = serve(port);
    if (result != 0) {
        if (server != NULL) {
            httpd_stop(server);
            server = NULL;
        }
        drop_slot();
    }
    return result;
}

wp_result wp_http_stop(void)
{
    if (server == NULL) {
        return 0;
    }
    struct slot *s = slot;
    portENTER_CRITICAL(&wp_lock);
    s->stopping = true;
    portEXIT_CRITICAL(&wp_lock);
    xSemaphoreGive(s->answered); // the server's task must not wait for us
    esp_err_t err = httpd_stop(server);
    if (err != ESP_OK) {
        portENTER_CRITICAL(&wp_lock);
        s->stopping = false;
        portEXIT_CRITICAL(&wp_lock);
        return WP_FAILURE(httpd_stop, err);
    }
    server = NULL;
    drop_slot();
    return 0;
}

int32_t wp_http_next(wp_http_request *out)
{
    portENTER_CRITICAL(&wp_lock);
    struct slot *s = slot;
    // The end of a connection is told before a request of the next one that has
    // its number.
    bool ready = s != NULL && s->state == READY && closed.count == 0;
    if (ready) {
        s->state = TAKEN;
        s->users++;
    }
    portEXIT_CRITICAL(&wp_lock);
    if (!ready) {
        return 0;
    }
    out->slot = s;
    out->conn = s->conn;
    out->post = s->post;
    out->path = (const uint8_t *)s->path;
    out->path_len = s->path_len;
    out->cookie = (const uint8_t *)s->cookie;
    out->cookie_len = s->cookie_len;
    out->remote = s->remote;
    out->remote_len = s->remote_len;
    out->host = (const uint8_t *)s->host;
    out->host_len = s->host_len;
    out->origin = (const uint8_t *)s->origin;
    out->origin_len = s->origin_len;
    out->site = (const uint8_t *)s->site;
    out->site_len = s->site_len;
    out->body = s->body;
    out->body_len = s->body_len;
    return 1;
}

void wp_http_answer(void *of, int32_t status, const uint8_t *cookie, int32_t cookie_len,
                    const uint8_t *body, int32_t body_len, int32_t close)
{
    struct slot *s = of;
    s->status = status;
    s->close = close != 0;
    s->cookie_len = cookie_len < COOKIE_MAX_BYTES ? cookie_len : 0;
    memcpy(s->cookie, cookie, (size_t)s->cookie_len);
    s->cookie[s->cookie_len] = 0;
    s->answer = s->body;
    s->answer_len = body_len;
    if (body_len > BODY_MAX_BYTES) {
        s->answer = malloc((size_t)body_len);
        if (s->answer == NULL) {
            s->answer = s->body;
            s->answer_len = 0;
            s->status = 0;
        }
    }
    if (s->status != 0 && body_len > 0) {
        memmove(s->answer, body, (size_t)body_len);
    }
    if (change(s, TAKEN, ANSWERED)) {
        xSemaphoreGive(s->answered);
    } else { // given up meanwhile
        if (s->answer != s->body) {
            free(s->answer);
        }
        s->answer = NULL;
        change(s, ABANDONED, IDLE);
    }
    leave(s);
}

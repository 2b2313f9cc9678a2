// SPDX-License-Identifier: Apache-2.0

// The double of ESP-IDF's calls: the HTTP server. Each call asks the Go side (host.go)
// whether it is to fail, and hands what it is about over in plain types.

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "esp_http_server.h"
#include "lwip/sockets.h"

// A request's aux is its number on the Go side; what is to be sent waits
// in the request's answer.

static struct {
    esp_err_t (*handler)(httpd_req_t *r);
    httpd_err_handler_func_t wrong_method;
} http;

struct answer {
    int32_t number, conn;
    const char *status, *type, *field, *value;
};

esp_err_t httpd_start(httpd_handle_t *handle, const httpd_config_t *c)
{
    ENTER(httpd_start);
    esp_err_t err = idfHTTPStart(c->server_port, c->max_open_sockets, c->lru_purge_enable);
    if (err == ESP_OK) {
        memset(&http, 0, sizeof(http));
        *handle = &http;
    }
    return err;
}

esp_err_t httpd_stop(httpd_handle_t handle)
{
    ENTER(httpd_stop);
    return handle == &http ? idfHTTPStop() : ESP_ERR_INVALID_ARG;
}

esp_err_t httpd_register_uri_handler(httpd_handle_t handle, const httpd_uri_t *u)
{
    ENTER(httpd_register_uri_handler);
    if (handle != &http || strcmp(u->uri, "/*") != 0 || u->method != HTTP_POST) {
        return ESP_ERR_INVALID_ARG; // nobody registers anything else
    }
    http.handler = u->handler;
    return ESP_OK;
}

esp_err_t httpd_register_err_handler(httpd_handle_t handle, httpd_err_code_t error, httpd_err_handler_func_t handler)
{
    ENTER(httpd_register_err_handler);
    if (handle != &http || error != HTTPD_405_METHOD_NOT_ALLOWED) {
        return ESP_ERR_INVALID_ARG;
    }
    http.wrong_method = handler;
    return ESP_OK;
}

bool httpd_uri_match_wildcard(const char *pattern, const char *uri, size_t upto)
{
    (void)pattern;
    (void)uri;
    (void)upto;
    return true;
}

int httpd_req_to_sockfd(httpd_req_t *r) { return ((struct answer *)r->aux)->conn; }

int dbl_getpeername(int s, struct sockaddr *name, socklen_t *namelen)
{
    ENTER(getpeername);
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    int32_t scope = 0;
    switch (idfPeer(s, (uint8_t *)&v6.sin6_addr, &scope)) {
    case 4:
        memcpy(&v4.sin_addr, &v6.sin6_addr, sizeof(v4.sin_addr));
        memcpy(name, &v4, sizeof(v4));
        *namelen = sizeof(v4);
        return 0;
    case 16:
        v6.sin6_scope_id = (uint32_t)scope;
        memcpy(name, &v6, sizeof(v6));
        *namelen = sizeof(v6);
        return 0;
    }
    return -1;
}

int httpd_req_recv(httpd_req_t *r, char *buf, size_t len)
{
    int32_t err = idfEnter("httpd_req_recv");
    return err != 0 ? err : idfReqRecv(((struct answer *)r->aux)->number, (uint8_t *)buf, (int32_t)len);
}

size_t httpd_req_get_hdr_value_len(httpd_req_t *r, const char *field)
{
    return (size_t)idfReqHeader(((struct answer *)r->aux)->number, (char *)field, NULL, 0);
}

esp_err_t httpd_req_get_hdr_value_str(httpd_req_t *r, const char *field, char *val, size_t size)
{
    ENTER(httpd_req_get_hdr_value_str);
    idfReqHeader(((struct answer *)r->aux)->number, (char *)field, val, (int32_t)size);
    return ESP_OK;
}

esp_err_t httpd_resp_set_status(httpd_req_t *r, const char *status)
{
    ENTER(httpd_resp_set_status);
    ((struct answer *)r->aux)->status = status;
    return ESP_OK;
}

esp_err_t httpd_resp_set_type(httpd_req_t *r, const char *type)
{
    ENTER(httpd_resp_set_type);
    ((struct answer *)r->aux)->type = type;
    return ESP_OK;
}

esp_err_t httpd_resp_set_hdr(httpd_req_t *r, const char *field, const char *value)
{
    ENTER(httpd_resp_set_hdr);
    ((struct answer *)r->aux)->field = field;
    ((struct answer *)r->aux)->value = value;
    return ESP_OK;
}

esp_err_t httpd_resp_send(httpd_req_t *r, const char *buf, ssize_t len)
{
    ENTER(httpd_resp_send);
    struct answer *a = r->aux;
    return idfRespSend(a->number, (char *)a->status, (char *)a->type, (char *)a->field, (char *)a->value,
                       (uint8_t *)buf, (int32_t)len);
}

int32_t dbl_serve(int32_t number, int32_t conn, int32_t method, const char *uri, int64_t length, dbl_session *session)
{
    struct answer a = {number, conn, "200 OK", "text/html", NULL, NULL};
    httpd_req_t *r = (calloc)(1, sizeof(*r));
    r->handle = &http;
    r->method = method;
    strncpy((char *)r->uri, uri, CONFIG_HTTPD_MAX_URI_LEN);
    r->content_len = (size_t)length;
    r->aux = &a;
    r->sess_ctx = session->ctx;
    r->free_ctx = session->free_ctx;
    esp_err_t err = ESP_FAIL;
    if (method == HTTP_POST) {
        err = http.handler(r);
    } else if (http.wrong_method != NULL) {
        err = http.wrong_method(r, HTTPD_405_METHOD_NOT_ALLOWED);
    }
    session->ctx = r->sess_ctx;
    session->free_ctx = r->free_ctx;
    (free)(r);
    return err;
}

void dbl_end_session(dbl_session *session)
{
    if (session->ctx != NULL && session->free_ctx != NULL) {
        session->free_ctx(session->ctx);
    }
    session->ctx = NULL;
}

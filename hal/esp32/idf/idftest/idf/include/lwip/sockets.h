// SPDX-License-Identifier: Apache-2.0

// Part of the double of ESP-IDF: the published names and types of what the
// component uses, and nothing else. The types are the host's, which has the same.

#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#define LWIP_IPV6 1

int dbl_getpeername(int s, struct sockaddr *name, socklen_t *namelen);
#define getpeername dbl_getpeername

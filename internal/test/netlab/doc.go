// SPDX-License-Identifier: Apache-2.0

// Package netlab gives tests Linux network namespaces of their own, where they can set
// addresses and routes, and cables between them. It needs CAP_SYS_ADMIN and
// CAP_NET_ADMIN; without them the test is skipped.
package netlab

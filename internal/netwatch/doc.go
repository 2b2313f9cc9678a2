// SPDX-License-Identifier: Apache-2.0

// Package netwatch tells whether a Linux box has a network. The kernel reports changes
// (rtnetlink); nothing is polled, so an idle watch costs no CPU time. No privilege is
// needed.
package netwatch

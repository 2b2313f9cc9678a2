// SPDX-License-Identifier: Apache-2.0

// Package nl80211 asks the Linux kernel what a Wi-Fi radio can do, and makes and
// removes interfaces of the radio.
//
// Reading needs no privilege. AddAP and RemoveAP need CAP_NET_ADMIN.
package nl80211

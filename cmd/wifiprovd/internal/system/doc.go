// SPDX-License-Identifier: Apache-2.0

// Package system is the Linux machine that package daemon works on: its Wi-Fi, its
// Bluetooth, its network and its button.
package system

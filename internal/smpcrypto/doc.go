// SPDX-License-Identifier: Apache-2.0

// Package smpcrypto has the cryptographic functions of LE pairing (Bluetooth
// Core, Vol 3 Part H 2.2): AES-CMAC, c1, s1, f4, f5, f6 and ah, and the P-256
// key agreement. Both halves use it: the peripheral's (package hal/ble/smp) and
// the central's (package client/blecentral).
//
// All numbers have their most significant byte first, as the specification writes
// them. On the air the order is reversed; see Reverse.
package smpcrypto

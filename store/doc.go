// SPDX-License-Identifier: Apache-2.0

// Package store is the contract for small persistent settings, modelled on ESP-IDF's
// NVS: typed values under a key in a namespace (docs/spec/nvs.md 1 and 12). [Memory]
// keeps them in RAM. Package nvs keeps them in the flash of a chip or, with package
// fileflash, in a flash image on a disk. Package wifistore knows the Wi-Fi driver's
// keys.
//
// A Store passes values as raw bytes, integers in little-endian order. [Int], [SetInt],
// [Text], [SetText], [Blob] and [SetBlob] convert from and to Go types.
package store

// Package store is the contract for small persistent settings, in the shape
// of ESP-IDF's NVS: typed values under a key in a namespace
// (docs/spec/nvs.md sections 1 and 12). [Memory] keeps them in RAM, package nvs
// in the flash of a chip or, with nvs/fileflash, in an image of it on a disk;
// package wifistore knows the Wi-Fi driver's keys.
//
// Values pass as raw bytes, integers in little-endian order; the helpers
// [Int], [SetInt], [Text], [SetText], [Blob] and [SetBlob] put Go types on
// top.
package store

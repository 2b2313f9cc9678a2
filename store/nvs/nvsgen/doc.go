// SPDX-License-Identifier: Apache-2.0

// Package nvsgen makes images of NVS partitions from the CSV files of ESP-IDF's partition
// generator, byte for byte as the generator's stand-alone edition does (docs/spec/nvs.md
// 17). It is for devices that leave the factory with their serial number, certificates or
// Wi-Fi credentials.
//
// A file has a heading and one row for each namespace and value:
//
//	key,type,encoding,value
//	# lines that begin with # are skipped
//	app,namespace,,
//	serial,data,string,SN-0001
//	limit,data,i32,-40
//	mac,data,hex2bin,a0b1c2d3e4f5
//	cert,file,binary,certs/device.der
//
// Type namespace begins a namespace, or continues one that was there before; encoding and
// value of its row are ignored. Type data has the value in the row, type file the name of
// a file that has the value.
//
// Encodings are u8, i8, u16, i16, u32, i32, u64 and i64 (decimal, or
// hexadecimal with 0x), string (UTF-8), and for blobs hex2bin, base64, binary
// (the bytes as they are), blob_fill(n;0xXX) (the bytes, filled up to n with
// XX) and blob_sz_fill(n;0xXX) (the same behind a length of four bytes): the
// form of the Wi-Fi driver's passphrases and SSIDs.
//
// For many devices there are templates: the same file with places in its values, which
// ParseTemplate reads, and the configuration files of Espressif's mass-manufacturing tool,
// which ParseConfig reads. A List has the devices. The Table of a device makes its image,
// and compares an image with its values.
//
// Unlike the original, the package refuses a key that occurs twice, a value that would
// need quotes (extra columns), text other than blanks behind a closing quote, and names
// that are not printable ASCII.
package nvsgen

// SPDX-License-Identifier: Apache-2.0

// Package batch provisions many devices: rows of a table in, outcomes out.
//
// [Input] reads the rows, fills in what templates give, and finds what is wrong with a
// row before a device is touched. [Run] provisions the devices, so many at a time, with
// further tries where they may help. [Report] keeps the outcomes, so that a batch that was
// killed goes on where it was. [Index] puts reports together.
//
// All of them stream: what they keep of a device beyond its turn is a digest of some 50
// bytes. No error, progress or report has a secret of the input in it.
package batch

// SPDX-License-Identifier: Apache-2.0

// Package nvscheck explains an image of an NVS partition without changing it. It tells
// what each sector holds. For each irregularity it tells where it is, what it is, how it
// comes about, and what opening does about it (docs/spec/nvs.md 5, 9, 10).
//
// Severity Info is for sound partitions: peculiarities of the generator or release that
// wrote them. Severity Warning is for traces of power cuts, which opening repairs without
// losing stored values. Severity Error means that a value cannot be read, or that the
// partition does not open.
//
// Texts name namespaces and keys, never values.
package nvscheck

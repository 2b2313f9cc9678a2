// Package nvscheck explains an image of an NVS partition without changing it:
// what each sector holds, and for everything that is irregular where it is,
// what it is, how it comes about and what opening does about it
// (spec/nvs.md 5, 9, 10).
//
// Findings of severity Info belong to sound partitions: peculiarities of the
// generator or the release that wrote it. Warning is what a power cut leaves:
// opening repairs it, and nothing is lost that was stored before. Error means
// that a value cannot be had, or that the partition does not open.
//
// Texts name namespaces and keys, never values.
package nvscheck

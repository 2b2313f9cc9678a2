// SPDX-License-Identifier: Apache-2.0

// Package daemon is wifiprovd at work: it puts keeper, window, station, hooks, button and
// control together, and tells the log what happens. What belongs to the machine comes from
// a [System], so that tests can have a simulated one.
package daemon

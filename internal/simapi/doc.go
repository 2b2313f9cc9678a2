// SPDX-License-Identifier: Apache-2.0

// Package simapi controls a fleet of simulated devices over HTTP: JSON for programs
// (docs/control.md, described by OpenAPI), a page for people, and metrics for
// Prometheus. It is part of the command espprov sim.
package simapi

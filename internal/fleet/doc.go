// SPDX-License-Identifier: Apache-2.0

// Package fleet runs the simulated devices of a scenario, one or thousands, on one
// air: the engine of the command espprov sim, its control interface and its page.
package fleet

// SPDX-License-Identifier: Apache-2.0

// Package fakenm is a NetworkManager on a private bus, with simulated networks around it.
// It does what 1.42 does, as far as package hal/linux/nm can see that, but faster: a step
// takes milliseconds.
package fakenm

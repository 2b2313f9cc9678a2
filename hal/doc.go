// SPDX-License-Identifier: Apache-2.0

// Package hal is the boundary between provisioning and the machine that it runs on:
// Wi-Fi, SoftAP, timers and logging. It holds only contracts and plain types.
//
// The implementations are in the folders below. Package hal/sim is a complete simulated
// Wi-Fi driver. Package hal/haltest checks any implementation against these contracts.
//
// # Contracts common to all interfaces
//
// Calls may come from any goroutine and may overlap, unless a method says
// otherwise. Methods return promptly: a method only starts an operation that takes time
// (connecting, scanning), and an [Event] reports its end. Errors are the driver's own;
// provisioning wraps them and never inspects their text.
//
// A slice given to a method belongs to the caller again when the method returns. A
// returned slice belongs to the caller.
package hal

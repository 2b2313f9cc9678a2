// SPDX-License-Identifier: Apache-2.0

// Package keeper decides when a box lets itself be provisioned, and when that is over. It
// knows neither radios nor Linux: a [Service] opens the window in which clients can come,
// and a [Station] keeps the box in its network at all other times.
//
// A window opens
//
//   - when there was no network for Config.NoNetwork, or for Config.Unprovisioned if the
//     box has no network to join,
//   - when somebody asks: [Keeper.Start],
//   - after a reset: [Keeper.Reset].
//
// It closes
//
//   - by itself, when the box has joined the network of a client,
//   - when it was open for Config.Window, or a little later if credentials are being tried
//     at that moment,
//   - when the network is back by itself. That closes only a window which opened for the
//     lack of a network, and to which no client has given credentials,
//   - when somebody asks: [Keeper.Stop].
//
// Then the station goes on, and the time without a network counts anew.
//
// A keeper of a box that has its network waits without any timer.
package keeper

// SPDX-License-Identifier: Apache-2.0

// Package hooks runs the programs that a user wants to run at events. They are the
// executable files of a folder, in the order of their names. Each gets the event as its
// only argument, and details in variables.
//
// Programs run one after another. One that takes too long is killed together with its
// process group, and what a program leaves of its group when it ends is killed too.
package hooks

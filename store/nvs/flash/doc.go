// SPDX-License-Identifier: Apache-2.0

// Package flash has a NOR flash in RAM, and wrappers for tests that watch a flash, cut its
// power or let it fail:
//
//   - [Memory] is a strict flash in RAM: it fails for everything that the contract of
//     nvs.Flash forbids.
//   - [Counter] counts calls.
//   - [PowerCut] cuts the power before, after or inside one operation.
//   - [Recorder] records the operations, and [Replay] makes every image that a power
//     cut during them could leave, fast enough for millions of cuts.
//   - [Faulty] lets chosen calls fail, before, in the middle of or after their work.
//
// Wrappers can be stacked. They pass Sync on if the wrapped flash has it, otherwise it
// does nothing. As the contract allows, nothing here is safe for concurrent use.
//
// An operation is one call of WriteAt or EraseBlocks. A [Part] says how much of an
// operation has reached the flash; [Points] lists the parts that are worth testing.
package flash

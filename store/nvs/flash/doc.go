// Package flash has a NOR flash in RAM and wrappers that watch, cut and break
// the flash of a partition, for tests of what lives on one:
//
//   - [Memory] is a strict flash in RAM: what the contract of nvs.Flash forbids
//     is an error.
//   - [Counter] counts what a flash is asked to do.
//   - [PowerCut] cuts the power before, after or inside one operation.
//   - [Recorder] keeps the operations, and [Replay] makes of them every image
//     that a power cut could have left, fast enough for millions of cuts.
//   - [Faulty] lets chosen calls fail, with effect, without, or half-way.
//
// Wrappers can be stacked. They pass Sync on to a flash that has it, and
// return nil for one that has not. As the contract allows, nothing here is
// safe for concurrent use.
//
// An operation is one call of WriteAt or EraseBlocks. [Part] says how much of
// one has reached the flash and [Points] which parts are worth a try.
package flash

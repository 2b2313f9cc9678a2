// SPDX-License-Identifier: Apache-2.0

// Package transcript records the conversation of a client with a device, explains it,
// and plays it again. docs/transcripts.md describes the files and says what of a secret
// is in them.
//
// A [Recorder] writes a file while a client works. A [Reader] reads one, exchange by
// exchange, and an [Explainer] says what each exchange means, decrypted if the keys are
// known. [Replay] has a client send the same requests again and compares the answers.
package transcript

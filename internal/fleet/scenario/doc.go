// SPDX-License-Identifier: Apache-2.0

// Package scenario reads scenarios of simulated devices: YAML files, and the flags of
// a command that say the same for a few devices. docs/sim.md describes the format.
//
//	seed: 7
//	air:
//	  networks:
//	    - {ssid: HomeNet, passphrase: correct horse, channel: 6}
//	devices:
//	  - {name: PROV_%06d, count: 20, security: 2}
//	  - {name: PROV_LAMP, faults: [{kind: drop-answer, endpoint: prov-config}]}
//
// The keys are the fields of the structs that they end up in, such as
// wifiprov.Config and sim.APConfig, so that there is one list of options.
//
// Each error is one line: the place, what is wrong there, and what to write instead. It
// shows no secret.
package scenario

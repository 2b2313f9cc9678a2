// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strconv"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
)

// walks are the options of the walks through the state machine, one each.
var walks = []fsm.Options{
	{AutoStop: true},
	{AutoStop: true, Reasons: fsm.ReasonsV40},
	{Attempts: 3, Retry: true},
	{Verify: true, Reconnect: true, AutoStop: true, Attempts: 2},
	{Timeout: true, Correct: true, Attempts: 2},
}

const (
	walkSteps = 7000
	// walkDigest is the digest of all steps. It is the same on every machine. A
	// change of the state machine changes it; TestWalkDigest tells the new one.
	walkDigest = 0x84680388
)

var walkReasons = []hal.Reason{2, 4, 8, 14, 15, 200, 201, 205, 210}

// testStates walks through the state machine at random, the same way every time,
// and compares the digest of all steps. The walk meets all cells of the table.
func testStates() error {
	digest, cells := walkAll()
	if cells != fsm.Phases*fsm.InputKinds {
		return errors.New(strconv.Itoa(cells) + " cells of the table were met, want " + strconv.Itoa(fsm.Phases*fsm.InputKinds))
	}
	if digest != walkDigest {
		return errors.New("the digest is " + strconv.FormatUint(uint64(digest), 16) + ", want " + strconv.FormatUint(walkDigest, 16))
	}
	return nil
}

// walkAll returns the digest (FNV-1a) and how many pairs of phase and input
// occurred.
func walkAll() (digest uint32, cells int) {
	var met [fsm.Phases][fsm.InputKinds]bool
	chance := &random{state: 1}
	digest = 2166136261
	note := func(values ...int) {
		for _, v := range values {
			digest = (digest ^ uint32(v)) * 16777619
		}
	}
	for _, options := range walks {
		state := fsm.State{Options: options}
		for range walkSteps {
			var dice [2]byte
			_, _ = chance.Read(dice[:])
			in := fsm.Input{Kind: fsm.InputKind(dice[0] % fsm.InputKinds), Owner: dice[1]&1 != 0, NoLink: dice[1]&2 != 0}
			if in.Kind == fsm.Lost {
				in.Reason = walkReasons[int(dice[1])%len(walkReasons)]
			}
			if cell := &met[state.Phase][in.Kind]; !*cell {
				*cell = true
				cells++
			}
			next, actions, result := fsm.Step(state, in)
			state = next
			note(int(state.Phase), int(state.Station), int(state.Reason), int(state.Refusals), int(state.Attempt),
				int(state.Completed), bit(state.AutoStopArmed), bit(state.Trial), bit(state.Restored), bit(state.Leaving), bit(state.Joining), int(result))
			for _, a := range actions.List() {
				note(int(a))
			}
		}
	}
	return digest, cells
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

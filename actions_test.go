// SPDX-License-Identifier: Apache-2.0

package wifiprov_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
)

// The driver carries out every action of the state machine.
func TestEveryActionHasAnEffect(t *testing.T) {
	act := func(a fsm.Action) func(*rig) { return func(r *rig) { r.m.Act(a) } }
	fail := func(r *rig) {
		r.apply()
		time.Sleep(2 * time.Second) // more than the connect delay
		r.wifi.lost(hal.Reason4WayHandshakeTimeout)
	}
	refuse := func(r *rig) {
		r.m.StopProvisioning()
		r.m.Wait()
		r.wifi.failNext("SetMode", errDriver)
	}
	tests := map[fsm.Action]struct {
		before func(*rig) // after the start; nil: nothing
		effect string
	}{
		fsm.BringUp:         {refuse, "SetMode STA"},
		fsm.ApplyConfig:     {nil, "SetStorage flash, SetStationConfig MyNetwork"},
		fsm.TryConfig:       {nil, "SetStorage RAM, SetStationConfig MyNetwork"},
		fsm.ArmConnect:      {nil, "timers +1"},
		fsm.ArmReconnect:    {nil, "timers +1"},
		fsm.Connect:         {nil, "Connect"},
		fsm.ArmJoin:         {nil, "timers +1"},
		fsm.DisarmJoin:      {act(fsm.ArmJoin), "timers -1"},
		fsm.Leave:           {nil, "Disconnect"},
		fsm.ArmAutoStop:     {nil, "timers +1"},
		fsm.StopTimers:      {func(r *rig) { r.m.Act(fsm.ArmConnect); r.m.Act(fsm.ArmJoin); r.m.Act(fsm.ArmAutoStop) }, "timers -3"},
		fsm.BeginScan:       {nil, "StartScan"},
		fsm.EndScan:         {act(fsm.BeginScan), "StopScan"},
		fsm.DropScan:        {act(fsm.BeginScan), "StopScan"},
		fsm.Unsubscribe:     {nil, "subscribers -1"},
		fsm.ArmCleanup:      {nil, "timers +1"},
		fsm.TearDown:        {func(r *rig) { r.m.StopProvisioning() }, "scheme Stop"},
		fsm.Blank:           {nil, "SetStationConfig,"},
		fsm.Forget:          {nil, "SetStorage RAM, SetStationConfig, Disconnect"},
		fsm.Commit:          {act(fsm.TryConfig), "SetStorage flash, SetStationConfig MyNetwork"},
		fsm.Restore:         {nil, "SetStationConfig Former"},
		fsm.ClearReport:     {fail, "reason 0"},
		fsm.EmitStart:       {nil, "event START"},
		fsm.EmitCredRecv:    {nil, "event CRED_RECV"},
		fsm.EmitCredFail:    {fail, "event CRED_FAIL authentication error"},
		fsm.EmitCredSuccess: {nil, "event CRED_SUCCESS"},
		fsm.EmitEnd:         {nil, "event END"},
	}
	require.Len(t, tests, int(fsm.LastAction))
	for a := fsm.Action(1); a <= fsm.LastAction; a++ {
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.cfg.StatusEndpoint, r.cfg.VerifyCredentials, r.cfg.JoinTimeout = true, true, time.Minute
				r.start()
				if tests[a].before != nil {
					tests[a].before(r)
				}
				timers, subscribers, reason := r.clock.pending.Load(), r.wifi.subscribers(), uint32(0)
				if a == fsm.ClearReport {
					reason = r.provStatus().DisconnectReason
				}
				r.wifi.takeCalls()
				r.takeEvents()
				r.scheme.calls = nil

				r.m.Act(a)
				trace := ""
				for _, c := range r.wifi.takeCalls() {
					trace += c + ", "
				}
				for _, c := range r.scheme.calls {
					trace += "scheme " + c + ", "
				}
				for _, e := range r.takeEvents() {
					trace += "event " + e + ", "
				}
				trace += fmt.Sprintf("timers %+d, subscribers %+d", r.clock.pending.Load()-timers, r.wifi.subscribers()-subscribers)
				if a == fsm.ClearReport {
					require.NotZero(t, reason)
					trace += fmt.Sprintf(", reason %d", r.provStatus().DisconnectReason)
				}
				require.Contains(t, trace, tests[a].effect)
				time.Sleep(2 * time.Second) // the cleanup delay
			})
		})
	}
}

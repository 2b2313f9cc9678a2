// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/status"
)

// With Config.VerifyCredentials the flash is written in one place, commitTrial,
// and only after an address. All else happens in RAM:
//
//	start       keepFormer: what a reboot would load is remembered
//	configure   tryConfig: new credentials in RAM
//	address     commitTrial: they are written, and are the former ones from now on
//	failure     restoreFormer
//	stop        restoreFormer, unless new ones were committed

// keepFormer remembers the configuration found at the start.
func (in *instance) keepFormer(cfg hal.StationConfig, err error) {
	if in.cfg.VerifyCredentials && err == nil {
		in.former = &cfg
	}
}

// tryConfig hands credentials to the driver that are to be committed later.
func (in *instance) tryConfig(c *call) {
	defer in.restoreStorage()
	err := in.applyConfig(c, hal.StorageRAM)
	if err == nil {
		trial := c.station
		in.trial = &trial
	}
	in.finish(c, err)
}

// commitTrial writes verified credentials. Credentials that cannot be written
// count as failed, or the device would be in service only until its next boot.
func (in *instance) commitTrial() {
	wifi := in.cfg.WiFi
	err := wifi.SetStorage(hal.StorageFlash)
	wrote := err == nil
	if wrote {
		err = wifi.SetStationConfig(*in.trial)
	}
	if err == nil {
		in.former, in.trial = in.trial, nil
		in.step(fsm.Input{Kind: fsm.Committed})
		return
	}
	in.log(hal.LevelError, "the verified credentials could not be stored", err)
	info := in.joinInfo()
	in.note(func(p *report) { p.over, p.ended, p.problem = true, info, status.ProblemNotStored })
	if wrote && in.former != nil {
		// The driver may have written them in spite of its error.
		if err := wifi.SetStationConfig(in.formerConfig()); err != nil {
			in.log(hal.LevelError, "the former credentials could not be stored again", err)
		}
	}
	in.step(fsm.Input{Kind: fsm.CommitFailed})
}

// restoreFormer makes the former configuration the station's again. The disconnect
// comes after that, so an application which reconnects at every disconnect joins
// the former network.
func (in *instance) restoreFormer() {
	wifi := in.cfg.WiFi
	in.trial = nil
	err := wifi.SetStorage(hal.StorageRAM)
	if err == nil {
		err = wifi.SetStationConfig(in.formerConfig())
	}
	in.restoreStorage()
	if err != nil {
		in.log(hal.LevelError, "the former station configuration could not be restored", err)
	}
	in.leave()
}

func (in *instance) formerConfig() hal.StationConfig {
	if in.former == nil {
		return hal.StationConfig{}
	}
	return *in.former
}

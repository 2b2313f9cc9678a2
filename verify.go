package wifiprov

import (
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/fsm"
	"github.com/wifiprov/wifiprov/internal/pb"
)

// With Config.VerifyCredentials the flash is written in one place, commitTrial,
// and after an address only. All else happens in RAM:
//
//	start       keepFormer: what a reboot would load is remembered
//	configure   beginTrial: new credentials in RAM
//	address     commitTrial: they are written, and are the former from now on
//	failure     restoreFormer
//	stop        restoreFormer, unless new ones were committed

// keepFormer remembers the configuration found at the start.
func (in *instance) keepFormer(cfg hal.StationConfig, err error) {
	if in.cfg.VerifyCredentials && err == nil {
		in.former = &cfg
	}
}

// beginTrial notes what is to be committed later, and that a new story begins
// for prov-status.
func (in *instance) beginTrial(cfg hal.StationConfig) {
	if in.cfg.VerifyCredentials {
		in.trial = &cfg
	}
	in.note(func(p *report) { *p = report{} })
}

// commitTrial writes verified credentials. What cannot be written counts as
// failed, or the device would be in service until its next boot only.
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
	in.note(func(p *report) { p.over, p.ended, p.problem = true, in.joinInfo(), pb.ProvProblemNotStored })
	if wrote && in.former != nil {
		// A driver may have written them in spite of its error.
		if err := wifi.SetStationConfig(in.formerConfig()); err != nil {
			in.log(hal.LevelError, "the former credentials could not be stored again", err)
		}
	}
	in.step(fsm.Input{Kind: fsm.CommitFailed})
}

// restoreFormer makes the former configuration the station's again. It comes
// before the disconnect, so that an application which reconnects at every
// disconnect joins the former network.
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

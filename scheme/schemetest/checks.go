// SPDX-License-Identifier: Apache-2.0

package schemetest

import (
	"fmt"

	"github.com/wifiprov/wifiprov/protocomm"
)

// first returns the first error.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func checkNewService(r Rig) error {
	for range 3 {
		b, err := running(r)
		if err != nil {
			return err
		}
		if err := first(b.serving, b.end); err != nil {
			return err
		}
	}
	return nil
}

func checkSetEndpoint(r Rig) error {
	b, err := newBench(r) // reserves the manager's names
	if err != nil {
		return err
	}
	return b.close()
}

func checkSetEndpointRefuses(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for _, name := range r.RefusedEndpoints {
		err := b.svc.SetEndpoint(name, 0xFF60)
		if err := refused(fmt.Sprintf("SetEndpoint(%q)", name), err, nil); err != nil {
			return err
		}
	}
	return first(b.start, b.serving, b.end)
}

func checkSetServiceRefuses(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for _, x := range r.Refused {
		err := b.svc.SetService(x.Name, x.Key)
		if err := refused(fmt.Sprintf("SetService(%q, %q)", x.Name, x.Key), err, protocomm.ErrInvalidArg); err != nil {
			return err
		}
	}
	return b.close()
}

func checkRefusedKeeps(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for _, x := range r.Refused {
		_ = b.svc.SetService(x.Name, x.Key)
	}
	return first(b.start, b.serving, b.end)
}

func checkServes(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	return first(
		b.serving,
		func() error { return b.answered("prov-session", "R\x03\xa2\x01\x00", "R\x05\x08\x01\xaa\x01\x00") },
		func() error { return b.unanswered("prov-scan", "x") }, // reserved, not there
		b.serving,
		b.end,
	)
}

func checkAdded(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	return first(
		func() error { return b.unanswered("later", "x") },
		func() error {
			return b.pc.AddEndpoint("later", func(protocomm.SessionID, []byte) ([]byte, error) { return []byte("here"), nil })
		},
		func() error { return b.answered("later", "x", "here") },
		b.end,
	)
}

func checkRemoved(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	return first(
		b.serving,
		func() error { return b.pc.RemoveEndpoint("custom-data") },
		func() error { return b.unanswered("custom-data", "x") },
		func() error { return b.answered("proto-ver", "x", versionText) },
		b.end,
	)
}

func checkStartNil(r Rig) error {
	b, err := newBench(r)
	if err != nil {
		return err
	}
	if err := refused("Start(nil)", b.svc.Start(nil), protocomm.ErrInvalidArg); err != nil {
		return err
	}
	if err := b.Left(); err != nil {
		return fmt.Errorf("after Start(nil): %w", err)
	}
	return first(b.start, b.serving, b.end)
}

func checkStartTwice(r Rig) error {
	b, err := running(r)
	if err != nil {
		return err
	}
	other := protocomm.New(protocomm.Config{})
	return first(
		func() error {
			return refused("Start of a started service", b.svc.Start(b.pc), protocomm.ErrInvalidState)
		},
		func() error {
			return refused("Start with another instance", b.svc.Start(other), protocomm.ErrNotSupported)
		},
		b.serving,
		b.end,
	)
}

func checkStartFails(r Rig) error {
	if r.Block == nil {
		return nil
	}
	b, err := newBench(r)
	if err != nil {
		return err
	}
	for range 2 {
		unblock := b.Block()
		err := b.start()
		unblock()
		if err := refused("Start that must fail", err, nil); err != nil {
			return err
		}
		if err := b.Left(); err != nil {
			return fmt.Errorf("after a failed Start: %w", err)
		}
		if err := b.unanswered("proto-ver", "x"); err != nil {
			return err
		}
		if err := b.stop(); err != nil {
			return fmt.Errorf("after a failed Start: %w", err)
		}
	}
	return first(b.start, b.serving, b.end)
}

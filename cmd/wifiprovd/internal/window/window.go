// SPDX-License-Identifier: Apache-2.0

// Package window opens the provisioning service of a box, for the time that package keeper
// gives it. A network that works is never lost: credentials are tried first, stored when
// they led to an address, and if a window ends without any, the former network is back.
package window

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/keeper"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// joinTimeout is how long one attempt to join may take.
const joinTimeout = time.Minute

// Config describes the service.
type Config struct {
	WiFi hal.WiFi
	// Scheme makes the transport of one window, and what is to be closed after it; nil:
	// nothing is.
	Scheme func(context.Context) (scheme.Scheme, io.Closer, error)
	// Security makes the security of one window.
	Security func() (protocomm.Security, error)
	// Name is that of the service, and Key protects it.
	Name string
	Key  hal.Secret
	// Attempts and ProofDelay are those of wifiprov.Config.
	Attempts   int
	ProofDelay time.Duration
	// Tell gets the manager's events, in order and one at a time. It must not block.
	// nil: nobody is told.
	Tell   func(wifiprov.Event)
	Logger hal.Logger
}

// Opener implements keeper.Service.
type Opener struct{ cfg Config }

// New returns an opener of windows, of which one may be open at a time.
func New(cfg Config) *Opener {
	if cfg.Tell == nil {
		cfg.Tell = func(wifiprov.Event) {}
	}
	return &Opener{cfg}
}

// Open implements keeper.Service.
func (o *Opener) Open(ctx context.Context) (keeper.Window, error) {
	sec, err := o.cfg.Security()
	if err != nil {
		return nil, err
	}
	s, closer, err := o.cfg.Scheme(ctx)
	if err != nil {
		return nil, err
	}
	w := &window{tell: o.cfg.Tell, done: make(chan struct{})}
	err = w.manager.Init(wifiprov.Config{
		WiFi:       o.cfg.WiFi,
		Scheme:     s,
		Logger:     o.cfg.Logger,
		ProofDelay: o.cfg.ProofDelay,
		Attempts:   o.cfg.Attempts,

		JoinTimeout:            joinTimeout,
		VerifyCredentials:      true,
		ReconnectFormer:        true,
		RetryAfterFailure:      true,
		CorrectWhileConnecting: true,
		StatusEndpoint:         true,
	})
	if err == nil {
		w.manager.Subscribe(w.event)
		err = w.manager.StartProvisioning(sec, o.cfg.Name, string(o.cfg.Key))
		if err != nil {
			_ = w.manager.Deinit() // which only fails without Init
		}
	}
	if err != nil {
		if closer != nil {
			_ = closer.Close() // the first error says why
		}
		return nil, err
	}
	go w.wait(closer, o.cfg.Logger)
	return w, nil
}

// window is one provisioning service, from its start to its end.
type window struct {
	manager wifiprov.Manager
	tell    func(wifiprov.Event)
	done    chan struct{}

	mu       sync.Mutex
	progress keeper.Progress
}

// Close implements keeper.Window.
func (w *window) Close() { w.manager.StopProvisioning() }

// Done implements keeper.Window.
func (w *window) Done() <-chan struct{} { return w.done }

// Progress implements keeper.Window.
func (w *window) Progress() keeper.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress
}

// wait frees everything when the service has ended.
func (w *window) wait(closer io.Closer, logger hal.Logger) {
	w.manager.Wait()
	if err := w.manager.Deinit(); err != nil {
		logger.Log(hal.LevelWarn, "the provisioning service did not end well", hal.Err(err))
	}
	if closer != nil {
		if err := closer.Close(); err != nil {
			logger.Log(hal.LevelWarn, "the transport did not end well", hal.Err(err))
		}
	}
	close(w.done)
}

func (w *window) event(e wifiprov.Event) {
	w.mu.Lock()
	switch e.Kind {
	case wifiprov.EventCredRecv:
		w.progress = keeper.Progress{Used: true, Trying: true}
	case wifiprov.EventCredFail:
		w.progress.Trying = false
	case wifiprov.EventCredSuccess:
		w.progress.Trying, w.progress.Joined = false, true
	}
	w.mu.Unlock()
	w.tell(e)
}

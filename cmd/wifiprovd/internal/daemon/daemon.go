// SPDX-License-Identifier: Apache-2.0

//go:build linux

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/button"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/control"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/hooks"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/identity"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/keeper"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/sdnotify"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/station"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/window"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/internal/filelock"
	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/scheme"
)

// Box is the Wi-Fi of the machine.
type Box struct {
	Radio     station.Radio
	Interface string
	Backend   string // its name in the configuration
	MAC       hal.BSSID
	// Join: nobody but wifiprovd joins the network that Radio stores.
	Join bool
}

// System is the machine. Each of its functions blocks until its work is done or ctx ends.
type System interface {
	// Open opens the Wi-Fi, and touches nothing of it.
	Open(ctx context.Context, cfg *config.Config, log hal.Logger) (*Box, error)
	// Watch calls fn with the state of the network, at first and at every change, until
	// ctx ends.
	Watch(ctx context.Context, cfg *config.Config, box *Box, fn func(up bool)) error
	// Scheme makes the transport of one window, and what is to be closed after it.
	Scheme(ctx context.Context, cfg *config.Config, box *Box, log hal.Logger) (scheme.Scheme, io.Closer, error)
	// Button opens the button of the configuration.
	Button(cfg *config.Config) (Button, error)
}

// Button is a push button, button.Line.
type Button interface {
	Watch(*button.Press) error
	Close() error
}

// Options are what Run needs.
type Options struct {
	Config config.Config
	State  string // the folder of what is kept
	Socket string // path; "": there is none
	System System
	// Asks opens a window whenever it can be received from: signals.
	Asks <-chan os.Signal
	// Ready is called when the daemon has begun its work; may be nil.
	Ready   func()
	Version string
	Output  *os.File // of hooks
	// Console is where the password is shown when it is made.
	Console io.Writer
	Log     hal.Logger
}

// ConfigError is an error of the configuration, or of a file that it names: another try
// would end as this one did.
type ConfigError struct{ Err error }

// Error returns the error's text.
func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *ConfigError) Unwrap() error { return e.Err }

// daemon is one run.
type daemon struct {
	Options
	box    *Box
	id     *identity.Identity
	keeper *keeper.Keeper
	hooks  *hooks.Runner

	mu      sync.Mutex
	network string // being tried
	failure string
}

// Run runs the daemon until ctx ends, which is no error, or something that it cannot do
// without is lost.
func Run(ctx context.Context, o Options) (err error) {
	lock, err := filelock.Open(filepath.Join(o.State, "lock"), true, false)
	switch {
	case errors.Is(err, filelock.ErrLocked):
		return fmt.Errorf("another wifiprovd runs (it uses %s): systemctl stop wifiprovd", o.State)
	case err != nil:
		return files.Error(o.State, err)
	}
	defer lock.Close()
	d := &daemon{Options: o}
	d.hooks = hooks.New(hooks.Config{Folder: o.Config.HooksFolder, Timeout: o.Config.HooksTimeout, Output: o.Output, Logger: o.Log})
	if d.box, err = o.System.Open(ctx, &d.Config, o.Log); err != nil {
		return err
	}
	s := station.New(station.Config{Radio: d.box.Radio, Join: d.box.Join, Logger: o.Log})
	defer func() {
		err = errors.Join(err, s.Leave())
		d.hooks.Wait() // after the Wi-Fi is given back, since they may take their time
	}()
	if err := d.identify(); err != nil {
		return &ConfigError{err}
	}
	d.keeper = keeper.New(keeper.Config{
		Service: window.New(window.Config{
			WiFi: d.box.Radio,
			Scheme: func(ctx context.Context) (scheme.Scheme, io.Closer, error) {
				return o.System.Scheme(ctx, &d.Config, d.box, o.Log)
			},
			Security: d.id.Security,
			Name:     d.id.Name, Key: d.Config.ServiceKey,
			Attempts: d.Config.Attempts, ProofDelay: d.Config.ProofDelay,
			Tell: d.provisioning, Logger: o.Log,
		}),
		Station:   s,
		NoNetwork: d.Config.StartNoNetwork, Unprovisioned: d.Config.StartUnprovisioned, Window: d.Config.WindowLength,
		Tell: d.keeping,
	})
	return d.work(ctx)
}

// identify finds out the name and the secrets of the box.
func (d *daemon) identify() (err error) {
	if d.id, err = identity.Load(&d.Config, d.box.MAC, d.State); err != nil {
		return err
	}
	if d.id.Made { // told first: a password is made once
		text, err := d.id.Text()
		if err != nil {
			return err
		}
		d.hook("pop", "WIFIPROV_POP="+string(d.id.Password()), "WIFIPROV_QR="+string(text), "WIFIPROV_SERVICE="+d.id.Name)
		if d.Config.ShowPassword {
			if err := identity.Show(d.Console, text, false); err != nil {
				return err
			}
		}
	}
	if d.Config.LabelFile != "" {
		if err := d.id.WriteLabel(d.Config.LabelFile); err != nil {
			return fmt.Errorf("security.label-file: %w", err)
		}
	}
	return nil
}

// work runs the parts until ctx ends or one of them fails.
func (d *daemon) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	if d.Config.ButtonChip != "" {
		b, err := d.System.Button(&d.Config)
		if err != nil {
			return &ConfigError{err}
		}
		press := &button.Press{Long: d.Config.ButtonReset, OnPress: d.pressed, OnLong: d.held}
		stop := context.AfterFunc(ctx, func() { _ = b.Close() }) // Watch tells its errors
		defer stop()
		parts.Go(func() {
			if err := b.Watch(press); err != nil {
				d.Log.Log(hal.LevelError, "the button does not work any more", hal.Err(err))
			}
		})
	}
	var server io.Closer = io.NopCloser(nil)
	if d.Socket != "" {
		s, err := control.Listen(d.Socket, d.control)
		if err != nil {
			cancel(nil)
			parts.Wait()
			return err
		}
		server = s
	}
	parts.Go(func() {
		if err := d.System.Watch(ctx, &d.Config, d.box, d.keeper.Network); err != nil && ctx.Err() == nil {
			cancel(fmt.Errorf("the state of the network cannot be watched: %w", err))
		}
	})
	parts.Go(func() {
		for {
			select {
			case <-d.Asks:
				_ = d.keeper.Start(keeper.Signal) // the log has its error
			case <-ctx.Done():
				return
			}
		}
	})
	d.notify(sdnotify.Ready, sdnotify.Status("waiting"))
	if d.Ready != nil {
		d.Ready()
	}
	d.keeper.Run(ctx)
	d.notify(sdnotify.Stopping)
	why := context.Cause(ctx)
	cancel(nil)
	err := server.Close()
	parts.Wait()
	if !errors.Is(why, context.Canceled) {
		return why
	}
	return err
}

func (d *daemon) pressed() { _ = d.keeper.Start(keeper.Button) } // the log has its error
func (d *daemon) held()    { _ = d.keeper.Reset() }              // this too

// notify tells systemd.
func (d *daemon) notify(messages ...string) {
	if err := sdnotify.Send(messages...); err != nil {
		d.Log.Log(hal.LevelWarn, "systemd could not be told how this service is doing", hal.Err(err))
	}
}

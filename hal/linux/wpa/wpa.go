// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/linux/radio"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/wifistore"
)

// DefaultTimeout is the Timeout of a zero Config.
const DefaultTimeout = 30 * time.Second

// Config holds the settings of a Daemon.
type Config struct {
	// Interface is the station's interface, "wlan0". Required.
	Interface string
	// Store keeps the station's configuration, in the keys of package wifistore.
	// Required. The Daemon is its only user.
	Store store.Store
	// Lease gets an address for an interface that has joined a network, keeps it
	// until ctx is done, and removes it then unless the cause is radio.ErrKeep. It
	// calls told with the first address and with every other, one call at a time.
	// An error before ctx is done means that it cannot work. Required.
	Lease func(ctx context.Context, iface string, told func(hal.IPConfig)) error
	// Serve gives an interface the address of prefix, and the others of that network
	// to clients, until ctx is done. It calls ready when clients can ask. An error
	// before ctx is done means that it cannot work. Nil: OpenAP fails.
	Serve func(ctx context.Context, iface string, prefix netip.Prefix, ready func()) error
	// Bus is the address of the message bus, "unix:path=…"; empty: the system
	// bus.
	Bus string
	// Channels are those on which an interface can listen, as radio.Phy has them.
	// Nil: a passive scan of all channels covers 1 to 13.
	Channels func(iface string) ([]uint8, error)
	// Timeout ends an attempt to join of which wpa_supplicant says nothing more,
	// counted from the end of our scan; 0: DefaultTimeout.
	Timeout time.Duration
	// Logger is told of trouble; nil is silent.
	Logger hal.Logger
}

// ErrClosed is what methods return after Close.
var ErrClosed = errors.New("wpa: closed")

// Daemon implements radio.Daemon. New makes it.
type Daemon struct {
	cfg  Config
	mark marker

	closed context.Context // done by Close
	end    context.CancelCauseFunc
	calls  sync.WaitGroup // methods that run

	storing sync.Mutex // held while cfg.Store is used

	// turn is held while networks are added, removed or switched, but not during
	// an attempt to join.
	turn chan struct{}

	mu    sync.Mutex // guards what follows
	over  bool       // Close was called
	bus   *bus       // nil: not connected yet
	taken *place     // where the interface was taken; nil: it is not
	ap    *openAP    // nil: none

	apLost chan struct{}
}

var (
	_ radio.Daemon  = (*Daemon)(nil)
	_ radio.APWatch = (*Daemon)(nil)
)

// New returns a Daemon. It fails if the configuration is incomplete; wpa_supplicant is
// not asked before the first call.
func New(cfg Config) (*Daemon, error) {
	switch {
	case cfg.Interface == "":
		return nil, errors.New("wpa: Config.Interface is empty: which interface is the station, wlan0?")
	case cfg.Store == nil:
		return nil, errors.New("wpa: Config.Store is nil: where does the configuration go?")
	case cfg.Lease == nil:
		return nil, errors.New("wpa: Config.Lease is nil: wpa_supplicant gets no addresses, who does?")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	d := &Daemon{cfg: cfg, turn: make(chan struct{}, 1), apLost: make(chan struct{}, 1)}
	d.closed, d.end = context.WithCancelCause(context.Background())
	return d, nil
}

// begin returns a context that Close ends too. done has to be called at the end of the
// method.
func (d *Daemon) begin(ctx context.Context) (_ context.Context, done func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return nil, nil, ErrClosed
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	d.calls.Add(1)
	own, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(d.closed, func() { cancel(ErrClosed) })
	return own, func() {
		stop()
		cancel(nil)
		d.calls.Done()
	}, nil
}

// lock takes the turn until unlock is called.
func (d *Daemon) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return func() { <-d.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Load implements radio.Daemon.
func (d *Daemon) Load(ctx context.Context) (hal.StationConfig, error) {
	_, done, err := d.begin(ctx)
	if err != nil {
		return hal.StationConfig{}, err
	}
	defer done()
	return d.load()
}

func (d *Daemon) load() (hal.StationConfig, error) {
	d.storing.Lock()
	defer d.storing.Unlock()
	cfg, err := wifistore.Load(d.cfg.Store)
	if err != nil {
		err = fmt.Errorf("wpa: loading the station's configuration: %w", err)
	}
	return cfg, err
}

// Save implements radio.Daemon.
func (d *Daemon) Save(ctx context.Context, cfg hal.StationConfig) error {
	_, done, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	d.storing.Lock()
	defer d.storing.Unlock()
	if err = wifistore.Check(cfg); err == nil {
		err = wifistore.Save(d.cfg.Store, cfg)
	}
	if err != nil {
		err = fmt.Errorf("wpa: storing the station's configuration: %w", err)
	}
	return err
}

// Close implements radio.Daemon. It ends running calls, Join among them, waits for
// them, and closes the access point.
func (d *Daemon) Close() error {
	d.mu.Lock()
	again := d.over
	d.over = true
	d.mu.Unlock()
	d.end(ErrClosed)
	d.calls.Wait()
	if again {
		return nil
	}
	ctx, cancel := afterwards(context.Background())
	defer cancel()
	err := d.closeAP(ctx)
	d.mu.Lock()
	b := d.bus
	d.bus = nil
	d.mu.Unlock()
	if b != nil {
		b.close()
	}
	return err
}

// afterwards returns a context for cleaning up when ctx may be done.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// trouble logs what cannot be returned.
func (d *Daemon) trouble(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrClosed) {
		d.cfg.Logger.Log(hal.LevelWarn, what, hal.Attr{Key: "interface", Value: d.cfg.Interface}, hal.Err(err))
	}
}

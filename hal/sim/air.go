// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
)

// Defaults of AirConfig, APConfig and BoardConfig.
const (
	DefaultJoinTime      = 500 * time.Millisecond
	DefaultBeaconTimeout = 6 * time.Second
	DefaultRSSI          = -50 // dBm
)

// Bounds of an Air.
const (
	MaxAPs    = 1024
	MaxBoards = 1 << 16
)

// AirConfig describes an Air. The zero value means the defaults.
type AirConfig struct {
	// Clock arms all timers; nil: hal.SystemClock. Its AfterFunc is called
	// with the air locked.
	Clock hal.Clock
	// Seed of everything random.
	Seed uint64
	// TimeScale divides all delays: 10 is ten times as fast, 0.5 half as
	// fast. 0 and below: 1.
	TimeScale float64
	// JoinTime is the time from Connect to its outcome, association or
	// failure; 0: DefaultJoinTime. Access points may have their own.
	JoinTime time.Duration
	// HandshakeTry is how long each of four handshakes takes, after JoinTime,
	// when the passphrase is wrong; an ESP32 takes about 1 s. 0: the failure
	// comes at the end of JoinTime.
	HandshakeTry time.Duration
	// WrongPassphrase is the reason given for a wrong passphrase; 0:
	// hal.Reason4WayHandshakeTimeout (15). Access points may have their own.
	WrongPassphrase hal.Reason
}

// Air is a place with access points and boards. Its methods, and those of
// what it holds, may be called from any goroutine at any time, also from
// event handlers.
type Air struct {
	cfg AirConfig

	mu     sync.Mutex // guards everything below, in APs and Boards too
	cells  []*AP      // access points and open SoftAPs
	boards []*Board
	aps    int // APs made so far
	number int // boards made so far

	controllers      []*Controller
	listening        []*Controller // for advertisements; the other lists may be very long
	controllerNumber int           // controllers made so far
}

// NewAir returns an empty air. Nothing needs to be closed.
func NewAir(cfg AirConfig) *Air {
	if cfg.Clock == nil {
		cfg.Clock = hal.SystemClock{}
	}
	if !(cfg.TimeScale > 0) {
		cfg.TimeScale = 1
	}
	if cfg.JoinTime == 0 {
		cfg.JoinTime = DefaultJoinTime
	}
	if cfg.WrongPassphrase == 0 {
		cfg.WrongPassphrase = hal.Reason4WayHandshakeTimeout
	}
	return &Air{cfg: cfg}
}

// Clock returns the air's clock with its TimeScale applied, for code that has to run
// at the same pace.
func (a *Air) Clock() hal.Clock { return airClock{a} }

type airClock struct{ air *Air }

func (c airClock) AfterFunc(d time.Duration, fn func()) hal.Timer {
	return c.air.after(d, fn)
}

// after arms a timer for a delay of the simulated world.
func (a *Air) after(d time.Duration, fn func()) hal.Timer {
	if a.cfg.TimeScale != 1 {
		if scaled := float64(d) / a.cfg.TimeScale; scaled < math.MaxInt64 {
			d = time.Duration(scaled)
		} else {
			d = math.MaxInt64
		}
	}
	return a.cfg.Clock.AfterFunc(d, fn)
}

// AddAP puts an access point on the air. It fails for an impossible
// configuration and beyond MaxAPs.
func (a *Air) AddAP(cfg APConfig) (*AP, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.aps == MaxAPs {
		return nil, errTooManyAPs
	}
	number := a.aps + 1
	if cfg.BSSID == (hal.BSSID{}) {
		cfg.BSSID = hal.BSSID{0x02, 0x11, 0x22, 0x33, 0x44 + byte(number>>8), byte(number)}
	}
	p := &AP{air: a, order: uint32(number), cfg: new(APConfig)}
	if err := p.configureLocked(cfg); err != nil {
		return nil, err
	}
	a.aps = number
	a.cells = append(a.cells, p)
	return p, nil
}

// removeLocked takes an access point off the air for good.
func (a *Air) removeLocked(p *AP) {
	if i := slices.Index(a.cells, p); i >= 0 {
		a.cells = slices.Delete(a.cells, i, i+1)
	}
}

// rssi is the signal strength of an access point in one scan of a board.
func (a *Air) rssi(p *AP, b *Board) int8 {
	if p.cfg.Drift == 0 {
		return p.cfg.RSSI
	}
	h := mix(mix(mix(a.cfg.Seed, uint64(p.order)), uint64(b.number)), b.scans)
	drift := int(h%(2*uint64(p.cfg.Drift)+1)) - int(p.cfg.Drift)
	return int8(max(-127, min(127, int(p.cfg.RSSI)+drift)))
}

// mix is a step of SplitMix64.
func mix(h, v uint64) uint64 {
	h += v*0xbf58476d1ce4e5b9 + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

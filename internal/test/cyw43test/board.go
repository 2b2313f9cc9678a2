// SPDX-License-Identifier: Apache-2.0

package cyw43test

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/pico/cyw43"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/tinygo"
)

// Times of cyw43439.
const (
	JoinTime    = 10 * time.Second // limit
	AddressTime = 9 * time.Second  // limit: three tries of 3 s
	joinPoll    = 270 * time.Millisecond
	poll        = 20 * time.Millisecond
)

// Call names a method of cyw43.Board.
type Call string

// The methods that can fail.
const (
	Enable  Call = "Enable"
	Join    Call = "Join"
	Carry   Call = "Carry"
	Address Call = "Address"
)

// Calls are all methods that can fail.
var Calls = []Call{Enable, Join, Carry, Address}

var (
	errJoin    = errors.New("cyw43test: join failed")
	errAnswer  = errors.New("cyw43test: no answer to a command")
	errStatus  = errors.New("cyw43test: a command was refused")
	errAddress = errors.New("cyw43test: no address")
)

// Board is a cyw43.Board with a Chip. NewBoard makes it. It has one cyw43.Driver at a
// time.
type Board struct {
	*Chip
	Bus *cyw43.Bus

	// Fault is called before each call. When it returns an error, the call returns
	// that and has no effect. nil: no faults. Set it before the first call.
	Fault func(Call) error

	mu      sync.Mutex // held while the chip is in use
	seq     byte
	id      uint16
	answers map[uint16]uint32

	state    sync.Mutex // guards what follows; never held during a call
	on       bool
	up       bool
	secure   bool
	joinOK   bool
	keyOK    bool
	refused  bool
	leaves   int // calls of Leave
	quitPoll chan struct{}
}

var _ cyw43.Board = (*Board)(nil)

// NewBoard returns a board that was just powered up. Close ends it.
func NewBoard(air *sim.Air) (*Board, error) {
	chip, err := NewChip(air)
	if err != nil {
		return nil, err
	}
	return &Board{Chip: chip, Bus: cyw43.NewBus(chip), answers: map[uint16]uint32{}}, nil
}

// Reset resets the board, and switches the chip off. The cyw43.Driver must be made anew.
func (b *Board) Reset() error {
	b.stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Bus = cyw43.NewBus(b.Chip)
	return b.Chip.Reset()
}

// Close takes the board off the air.
func (b *Board) Close() {
	b.stop()
	b.Chip.Close()
}

// stop ends the goroutine that polls.
func (b *Board) stop() {
	b.state.Lock()
	defer b.state.Unlock()
	if b.quitPoll != nil {
		close(b.quitPoll)
		b.quitPoll = nil
	}
	b.on, b.up = false, false
}

func (b *Board) fault(c Call) error {
	if b.Fault != nil {
		return b.Fault(c)
	}
	return nil
}

// Enable implements cyw43.Board.
func (b *Board) Enable() error {
	if err := b.fault(Enable); err != nil {
		return err
	}
	b.state.Lock()
	defer b.state.Unlock()
	if b.on {
		return tinygo.ErrEnabled
	}
	b.on, b.quitPoll = true, make(chan struct{})
	go b.poll(b.quitPoll)
	return nil
}

// poll reads packets until quit is closed.
func (b *Board) poll(quit chan struct{}) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		if b.mu.TryLock() {
			_ = b.receive()
			b.mu.Unlock()
		}
	}
}

// receive reads packets until there is none, with b.mu held.
func (b *Board) receive() error {
	for {
		status := b.Bus.LastStatus()
		if status&(1<<8) == 0 {
			return nil
		}
		n := status >> 9 & 0x7ff
		words := make([]uint32, (n+3)/4)
		if err := b.Bus.CmdRead(2<<28|1<<30|n, words); err != nil {
			return err
		}
		p := make([]byte, 4*len(words))
		for i, w := range words {
			binary.LittleEndian.PutUint32(p[4*i:], w)
		}
		switch p[5] & 0xf {
		case channelControl:
			b.answers[binary.LittleEndian.Uint16(p[12+10:])] = binary.LittleEndian.Uint32(p[12+12:])
		case channelEvent:
			frame := p[12+4:]
			b.heard(binary.BigEndian.Uint32(frame[28:]), binary.BigEndian.Uint32(frame[32:]), binary.BigEndian.Uint16(frame[26:]))
		}
	}
}

// heard keeps the state of the link, as cyw43439 does.
func (b *Board) heard(kind, status uint32, flags uint16) {
	b.state.Lock()
	defer b.state.Unlock()
	switch {
	case kind == evSetSSID && status == ok && !b.secure:
		b.up = true
	case kind == evSetSSID && status != ok:
		b.refused = true
	case kind == evLink && flags == 0:
		b.joinOK, b.keyOK, b.up = false, false, false
	case kind == evJoin:
		b.joinOK = true
	case kind == evHands:
		b.keyOK = status == keyed
		b.up = b.joinOK && b.keyOK
	}
}

// send sends a command and waits for the answer, with b.mu held.
func (b *Board) send(command uint32, data []byte) error {
	b.seq++
	b.id++
	id := b.id
	n := 28 + len(data)
	p := make([]byte, (n+3)/4*4)
	binary.LittleEndian.PutUint16(p, uint16(n))
	binary.LittleEndian.PutUint16(p[2:], ^uint16(n))
	p[4], p[7] = b.seq, 12
	binary.LittleEndian.PutUint32(p[12:], command)
	binary.LittleEndian.PutUint32(p[16:], uint32(len(data)))
	binary.LittleEndian.PutUint16(p[20:], 2)
	binary.LittleEndian.PutUint16(p[22:], id)
	copy(p[28:], data)
	words := make([]uint32, len(p)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(p[4*i:])
	}
	if err := b.Bus.CmdWrite(3<<30|2<<28|uint32(n), words); err != nil {
		return err
	}
	for range 10 {
		if err := b.receive(); err != nil {
			return err
		}
		if status, has := b.answers[id]; has {
			delete(b.answers, id)
			if status != 0 {
				return errStatus
			}
			return nil
		}
		time.Sleep(settle)
	}
	return errAnswer
}

// Join implements cyw43.Board.
func (b *Board) Join(ssid hal.SSID, passphrase hal.Secret) error {
	if err := b.fault(Join); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Lock()
	b.secure, b.joinOK, b.keyOK, b.up, b.refused = passphrase != "", false, false, false, false
	b.state.Unlock()
	if passphrase != "" {
		key := binary.LittleEndian.AppendUint16(nil, uint16(len(passphrase)))
		key = append(append(key, 1, 0), passphrase...)
		if err := b.send(SetPMK, append(key, make([]byte, 68-len(key))...)); err != nil {
			return err
		}
	}
	name := append(binary.LittleEndian.AppendUint32(nil, uint32(len(ssid))), ssid...)
	if err := b.send(SetSSID, append(name, make([]byte, 36-len(name))...)); err != nil {
		return err
	}
	for until := time.Now().Add(JoinTime); time.Now().Before(until); {
		time.Sleep(joinPoll)
		if err := b.receive(); err != nil {
			return err
		}
		b.state.Lock()
		up, refused := b.up, b.refused
		b.state.Unlock()
		switch {
		case up:
			return nil
		case refused:
			return errJoin
		}
	}
	return errJoin
}

// Joined implements cyw43.Board.
func (b *Board) Joined() bool {
	b.state.Lock()
	defer b.state.Unlock()
	return b.up
}

// Carry implements cyw43.Board.
func (b *Board) Carry() error {
	if err := b.fault(Carry); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.send(SetVar, []byte("gpioout\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
}

// Address implements cyw43.Board.
func (b *Board) Address() (hal.IPConfig, error) {
	if err := b.fault(Address); err != nil {
		return hal.IPConfig{}, err
	}
	b.state.Lock()
	leaves := b.leaves
	b.state.Unlock()
	for until := time.Now().Add(AddressTime); time.Now().Before(until); time.Sleep(poll) {
		b.state.Lock()
		left := b.leaves != leaves
		b.state.Unlock()
		if left {
			break
		}
		if cfg, err := b.board.IPConfig(); err == nil {
			return cfg, nil
		}
	}
	return hal.IPConfig{}, errAddress
}

// Leave implements cyw43.Board.
func (b *Board) Leave() {
	b.state.Lock()
	defer b.state.Unlock()
	b.leaves++
}

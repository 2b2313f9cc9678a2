// SPDX-License-Identifier: Apache-2.0

//go:build linux

package button

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/internal/files"
)

// LineConfig describes a line and what is wired to it.
type LineConfig struct {
	Chip      string // the device file, /dev/gpiochip0
	Line      int    // its offset on the chip
	ActiveLow bool   // pressed is low
	Pull      Pull
	Debounce  time.Duration // the kernel's; 0: none
}

// Pull is the resistor inside of the chip.
type Pull uint8

// Pulls.
const (
	PullAsIs Pull = iota // as the board has set it up
	PullUp
	PullDown
	PullNone
)

// Line is an open line. Open makes it.
type Line struct {
	file  *os.File
	down  bool          // at the beginning
	since time.Duration // of the kernel's clock: the beginning
}

// Open takes a line from the kernel. Its errors say what is wrong with the
// configuration.
func Open(cfg LineConfig) (*Line, error) {
	chip, err := os.OpenFile(cfg.Chip, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("the chip of the button: %w", files.Error(cfg.Chip, err))
	}
	defer chip.Close()
	q := request(cfg)
	if err := ioctl(int(chip.Fd()), getLine, unsafe.Pointer(&q)); err != nil {
		reason := err.Error()
		switch {
		case errors.Is(err, unix.EBUSY):
			reason = "another program or driver uses it (gpioinfo tells which)"
		case errors.Is(err, unix.EINVAL):
			reason = "the chip has no such line, or no resistor for it (gpioinfo lists the lines)"
		case errors.Is(err, unix.ENOTTY):
			reason = "the file is no GPIO chip, or the kernel is older than 5.10"
		}
		return nil, fmt.Errorf("the button: line %d of %s: %s", cfg.Line, cfg.Chip, reason)
	}
	fd := int(q.fd)
	since := monotonic()
	values := lineValues{mask: 1}
	err = ioctl(fd, getValues, unsafe.Pointer(&values))
	if err == nil {
		err = unix.SetNonblock(fd, true) // so that Close ends a read
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("the button: line %d of %s: %w", cfg.Line, cfg.Chip, err)
	}
	return &Line{file: os.NewFile(uintptr(fd), cfg.Chip), down: values.bits&1 != 0, since: since}, nil
}

// Watch gives all edges to p until the line is closed, which is no error. A button that
// is held down at the beginning, for example while the box is switched on, counts from
// then.
func (l *Line) Watch(p *Press) error {
	defer p.Stop()
	if l.down {
		p.Edge(true, l.since)
	}
	err := readEdges(l.file, p)
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return fmt.Errorf("the button cannot be read any more: %w", err)
}

// Close gives the line back, and ends Watch.
func (l *Line) Close() error { return l.file.Close() }

// readEdges reads the kernel's events.
func readEdges(r io.Reader, p *Press) error {
	var b [eventSize]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return err
		}
		at := time.Duration(binary.NativeEndian.Uint64(b[0:]))
		p.Edge(binary.NativeEndian.Uint32(b[8:]) == risingEdge, at)
	}
}

// monotonic is the clock of the kernel's events.
func monotonic() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // it never fails
	return time.Duration(t.Nano())
}

func request(cfg LineConfig) lineRequest {
	q := lineRequest{lines: 1}
	q.offsets[0] = uint32(cfg.Line)
	copy(q.consumer[:len(q.consumer)-1], "wifiprovd")
	q.config.flags = flagInput | flagRising | flagFalling
	if cfg.ActiveLow {
		q.config.flags |= flagActiveLow
	}
	q.config.flags |= map[Pull]uint64{PullUp: flagPullUp, PullDown: flagPullDown, PullNone: flagPullNone}[cfg.Pull]
	if cfg.Debounce > 0 {
		q.config.attributes = 1
		q.config.list[0] = lineAttribute{id: attrDebounce, mask: 1}
		binary.NativeEndian.PutUint32(q.config.list[0].value[:], uint32(cfg.Debounce.Microseconds()))
	}
	return q
}

// The kernel's interface, include/uapi/linux/gpio.h. With active-low lines a rising edge
// is one to low: the kernel turns values and edges.
const (
	getLine   = 0xc250b407
	getValues = 0xc010b40e

	flagActiveLow = 1 << 1
	flagInput     = 1 << 2
	flagRising    = 1 << 4
	flagFalling   = 1 << 5
	flagPullUp    = 1 << 8
	flagPullDown  = 1 << 9
	flagPullNone  = 1 << 10

	attrDebounce = 3
	risingEdge   = 1
	eventSize    = 48
)

type (
	lineAttribute struct {
		id, _ uint32
		value [8]byte // in its first bytes, whatever the id makes of it
		mask  uint64
	}
	lineConfig struct {
		flags      uint64
		attributes uint32
		_          [5]uint32
		list       [10]lineAttribute
	}
	lineRequest struct {
		offsets  [64]uint32
		consumer [32]byte
		config   lineConfig
		lines    uint32
		buffer   uint32
		_        [5]uint32
		fd       int32
	}
	lineValues struct{ bits, mask uint64 }
)

func ioctl(fd int, code uint, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(code), uintptr(arg))
	if errno != 0 {
		return errno
	}
	return nil
}

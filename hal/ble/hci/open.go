// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Config holds the settings of Open. The zero value is usable.
type Config struct {
	// Name is the one of this chip in netsim's lists. It has to differ from those of
	// all other chips there. Empty: a random one.
	Name string
	// Dial connects to tcp and netsim addresses; nil: a net.Dialer does. It is called
	// with "tcp".
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Open connects to the controller at address, which the package's comment describes.
// ctx ends the wait for a connection; it has no effect on the transport that Open
// returns.
//
// Errors are one line that names the address and what to do. A controller that is there
// but does not answer is no error of Open; the host on it finds out.
func Open(ctx context.Context, address string, cfg Config) (*Transport, error) {
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	name := strings.TrimSuffix(address, ":")
	rw, err := open(ctx, address, cfg)
	if err != nil {
		return nil, fmt.Errorf("hci: %s: %w", name, err)
	}
	return New(rw, name), nil
}

func open(ctx context.Context, address string, cfg Config) (io.ReadWriteCloser, error) {
	kind, rest, _ := strings.Cut(address, ":")
	if n, is := strings.CutPrefix(kind, "hci"); is && n != "" && rest == "" {
		kind, rest = "hci", n
	}
	switch kind {
	case "netsim":
		return openNetsim(ctx, rest, cfg)
	case "tcp":
		if _, _, err := net.SplitHostPort(rest); err != nil {
			return nil, fmt.Errorf("want tcp:HOST:PORT")
		}
		conn, err := cfg.Dial(ctx, "tcp", rest)
		if err != nil {
			return nil, fmt.Errorf("%w; does the controller's program run there?", err)
		}
		return conn, nil
	case "hci":
		n, err := strconv.ParseUint(rest, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("want hci and the adapter's number, hci0")
		}
		return openAdapter(int(n))
	case "serial":
		return openSerial(rest)
	}
	return nil, fmt.Errorf("no address of a Bluetooth controller; want netsim:, tcp:HOST:PORT, hci0 or serial:DEVICE")
}

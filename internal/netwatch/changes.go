// SPDX-License-Identifier: Apache-2.0

//go:build linux

package netwatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Changes returns a channel that holds a value when an interface, an address or a route
// may have changed since the last one was taken, from the moment when Changes returns.
// It is closed when ctx is done, or if the kernel's reports fail.
func Changes(ctx context.Context) (<-chan struct{}, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK,
		unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netwatch: no reports of the kernel about the network (AF_NETLINK): %w", err)
	}
	changes := make(chan struct{}, 1)
	stop := context.AfterFunc(ctx, socket.Close)
	go func() {
		defer close(changes)
		defer socket.Close()
		defer stop()
		for {
			// After ENOBUFS some reports are missing: something has changed.
			_, _, err := socket.Receive()
			if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
				return
			}
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}()
	return changes, nil
}

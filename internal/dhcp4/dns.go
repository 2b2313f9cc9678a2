// SPDX-License-Identifier: Apache-2.0

//go:build linux

package dhcp4

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"time"
)

// Resolvconf tells the system the name servers of an interface, with the command
// resolvconf, which openresolv, Debian's resolvconf and systemd-resolved have. No
// servers: what it told before is taken back. Without the command it does nothing.
func Resolvconf(iface string, servers []netip.Addr) error {
	command, err := exec.LookPath("resolvconf")
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("dhcp4: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	record := iface + ".wifiprov" // an interface can have several, of other programs
	cmd := exec.CommandContext(ctx, command, "-d", record)
	if len(servers) > 0 {
		var text strings.Builder
		for _, s := range servers {
			fmt.Fprintf(&text, "nameserver %s\n", s)
		}
		cmd = exec.CommandContext(ctx, command, "-a", record)
		cmd.Stdin = strings.NewReader(text.String())
	}
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("dhcp4: %s: %w: %.200q", cmd, err, out)
	}
	return nil
}

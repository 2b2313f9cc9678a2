// SPDX-License-Identifier: Apache-2.0

// Lab does by hand what the tests of Linux devices do in the machine of .ci/linux-vm.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/wifiprov/wifiprov/internal/test/linuxvm"
)

const usage = `usage: lab up                        the radios and the networks
       lab open|close|vanish|deauth NETWORK
       lab start|stop|kill wpa|nm    the daemons of the device
       lab bluetooth                 the controllers and bluetoothd
       lab join SSID [PASSPHRASE]    the phone joins an access point
       lab leave
       ip netns exec phone COMMAND   a command on the phone
`

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := lab(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func lab(ctx context.Context, args []string) error {
	args = append(args, "", "", "")
	verb, what := args[0], args[1]
	backend := linuxvm.Backend(what)
	switch verb {
	case "up":
		return linuxvm.Up(ctx)
	case "bluetooth":
		return linuxvm.Bluetooth(ctx)
	case "join":
		return linuxvm.JoinAP(ctx, what, args[2])
	case "leave":
		return linuxvm.LeaveAP(ctx)
	case "start":
		return backend.Start(ctx)
	case "stop":
		return backend.Stop(ctx)
	case "kill":
		return backend.Kill(ctx)
	}
	for _, n := range linuxvm.Networks {
		if n.SSID != what {
			continue
		}
		switch verb {
		case "open":
			return n.Open(ctx)
		case "close":
			return n.Close(ctx)
		case "vanish":
			return n.Vanish(ctx)
		case "deauth":
			return n.Deauth(ctx)
		}
	}
	return fmt.Errorf("no %q %q\n%s", verb, what, usage)
}

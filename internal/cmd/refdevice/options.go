// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// options are the command line.
type options struct {
	port        int
	security    int
	pop         string
	noPoP       bool
	login       login
	aps         []sim.APConfig
	generated   int
	connectTime time.Duration
	reason      int
	resetOnFail int
	attempts    int
	autoStop    bool
	cleanup     time.Duration
	reconnect   bool
	timeScale   float64
	apps        []simdevice.AppInfo
	loop        bool
	custom      bool
	ip          hal.IPv4
	seed        uint64
	style       style
}

// style is in what the releases of the original differ here.
type style struct {
	version wifiprov.VersionStyle
	reasons wifiprov.ReasonMap
}

// parseOptions reads the command line; usage goes to out.
func parseOptions(args []string, out io.Writer) (*options, error) {
	o := &options{autoStop: true, custom: true, ip: hal.IPv4{192, 168, 1, 77}}
	noCustom := false
	connectMillis := 500
	f := flag.NewFlagSet("refdevice", flag.ContinueOnError)
	f.SetOutput(out)
	f.IntVar(&o.port, "port", 0, "TCP `port` on 127.0.0.1; 0: any free one")
	f.IntVar(&o.security, "sec", 1, "security `mode`, 0, 1 or 2")
	f.StringVar(&o.pop, "pop", "abcd1234", "proof of possession for security 1")
	f.BoolVar(&o.noPoP, "no-pop", false, "security 1 without proof of possession")
	o.login.flags(f)
	f.Func("ap", "access point: `ssid,pass,rssi,chan,auth[,bssidhex[,hidden[,reason[,fail_first]]]]`; repeatable", func(s string) error {
		ap, err := parseAP(s)
		o.aps = append(o.aps, ap)
		return err
	})
	f.IntVar(&o.generated, "gen-aps", 0, "`number` of generated access points")
	f.IntVar(&connectMillis, "connect-ms", connectMillis, "`time` to join a network, in milliseconds")
	f.IntVar(&o.reason, "reason", 15, "disconnect `reason` given for a wrong passphrase")
	f.IntVar(&o.resetOnFail, "reset-on-fail", 0, "call ResetOnFailure at each `Nth` CRED_FAIL")
	f.IntVar(&o.attempts, "attempts", 0, "`number` of attempts to connect before the credentials count as failed; 0: no limit")
	f.Func("no-autostop", "disable auto-stop, with this cleanup delay in `milliseconds`", func(s string) error {
		ms, err := strconv.ParseUint(s, 10, 31)
		o.autoStop, o.cleanup = false, time.Duration(ms)*time.Millisecond
		return err
	})
	f.BoolVar(&o.reconnect, "reconnect", false, "the application connects at station start and at every disconnect")
	f.Float64Var(&o.timeScale, "timescale", 1, "all delays are divided by this `factor`")
	f.Func("app-info", "application's member of proto-ver: `label:ver:cap1,cap2`; repeatable", func(s string) error {
		parts := strings.SplitN(s, ":", 3)
		if len(parts) < 2 {
			return errors.New("want label:version:capability,…")
		}
		info := simdevice.AppInfo{Label: parts[0], Version: parts[1]}
		if len(parts) == 3 && parts[2] != "" {
			info.Capabilities = strings.Split(parts[2], ",")
		}
		o.apps = append(o.apps, info)
		return nil
	})
	f.BoolVar(&o.loop, "loop", false, "start again after the end")
	f.BoolVar(&noCustom, "no-custom", false, "without the endpoint custom-data")
	f.Func("ip", "`address` that the networks hand out (default 192.168.1.77)", func(s string) error {
		_, err := fmt.Sscanf(s, "%d.%d.%d.%d", &o.ip[0], &o.ip[1], &o.ip[2], &o.ip[3])
		return err
	})
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of everything random in the simulated air")
	f.Func("style", "`release` whose proto-ver text and disconnect reasons are used: v4.4 (v4.4.8), v5 (default) or netprov", func(s string) error {
		styles := map[string]style{
			"v4.4":    {wifiprov.VersionV44, wifiprov.ReasonsV444},
			"v5":      {wifiprov.VersionV5, wifiprov.ReasonsNewest},
			"netprov": {wifiprov.VersionNetProv, wifiprov.ReasonsNewest},
		}
		var known bool
		if o.style, known = styles[s]; !known {
			return errors.New("want v4.4, v5 or netprov")
		}
		return nil
	})
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	o.custom = !noCustom
	o.connectTime = time.Duration(connectMillis) * time.Millisecond
	if connectMillis == 0 {
		o.connectTime = 1 // the simulation takes 0 for its default
	}
	if err := o.check(f.Args()); err != nil {
		return nil, err
	}
	if o.security == 2 {
		return o, o.login.complete()
	}
	return o, nil
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.security < 0 || o.security > 2:
		return fmt.Errorf("--sec is %d; it can be 0, 1 or 2", o.security)
	case o.port < 0 || o.port > 65535:
		return fmt.Errorf("--port is %d; it can be 0 to 65535", o.port)
	case o.reason < 1 || o.reason > 255:
		return fmt.Errorf("--reason is %d; it can be 1 to 255", o.reason)
	case o.connectTime < 0 || o.timeScale <= 0:
		return errors.New("--connect-ms and --timescale must be positive")
	case o.attempts < 0 || o.attempts > 65535:
		return fmt.Errorf("--attempts is %d; it can be 0 to 65535", o.attempts)
	case o.generated < 0 || o.generated > sim.MaxAPs:
		return fmt.Errorf("--gen-aps is %d; it can be 0 to %d", o.generated, sim.MaxAPs)
	}
	return nil
}

// parseAP reads one --ap.
func parseAP(s string) (ap sim.APConfig, err error) {
	parts := strings.Split(s, ",")
	if len(parts) < 5 || len(parts) > 9 {
		return ap, fmt.Errorf("want 5 to 9 parts separated by commas, got %d", len(parts))
	}
	number := func(i, low, high int, name string) int {
		if err != nil || i >= len(parts) || parts[i] == "" {
			return 0
		}
		n, parseErr := strconv.Atoi(parts[i])
		if parseErr != nil || n < low || n > high {
			err = fmt.Errorf("%s is %q; it can be %d to %d", name, parts[i], low, high)
		}
		return n
	}
	ap = sim.APConfig{
		SSID:        hal.SSID(cut(parts[0], hal.MaxSSID)), // as a driver's buffer would
		Passphrase:  hal.Secret(cut(parts[1], 64)),
		RSSI:        int8(number(2, -128, 127, "rssi")),
		Channel:     uint8(number(3, 1, hal.MaxChannel, "chan")),
		Auth:        hal.AuthMode(number(4, 0, 255, "auth")),
		Hidden:      number(6, 0, 1, "hidden") == 1,
		Refuse:      hal.Reason(number(7, 0, 255, "reason")),
		RefuseFirst: number(8, 0, 1<<30, "fail_first"),
	}
	if err == nil && ap.Channel != 0 && !hal.ValidChannel(ap.Channel) {
		err = fmt.Errorf("chan is %q; it can be 1 to 14, or one of 5 GHz from 36 to 177", parts[3])
	}
	if err == nil && len(parts) > 5 && parts[5] != "" {
		ap.BSSID, err = parseBSSID(parts[5])
	}
	return ap, err
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

func parseBSSID(s string) (b hal.BSSID, err error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(s, ":", ""), 16, 64)
	if err != nil || len(strings.ReplaceAll(s, ":", "")) != 12 {
		return b, fmt.Errorf("bssid is %q; it has 12 hexadecimal digits", s)
	}
	for i := range b {
		b[i] = byte(n >> (8 * (5 - i)))
	}
	return b, nil
}

// generatedAP is entry i of --gen-aps.
func generatedAP(i int) sim.APConfig {
	return sim.APConfig{
		SSID:       hal.SSID(fmt.Sprintf("GenAP%02d", i)),
		Passphrase: hal.Secret(fmt.Sprintf("password%02d", i)),
		RSSI:       int8(-30 - (37*i)%60),
		Channel:    uint8(1 + (5*i)%13),
		Auth:       hal.AuthMode(i % 8),
	}
}

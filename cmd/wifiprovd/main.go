// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command wifiprovd lets phones provision a Linux box that has no application of its own
// for that: Espressif's stock apps, esp_prov and espprov reach it over an access point or
// Bluetooth and give it the credentials of a network.
//
//	wifiprovd run                    # the daemon, which systemd starts
//	wifiprovd check                  # is the configuration right?
//	wifiprovd status                 # what does the daemon do?
//	wifiprovd start                  # let phones come now
//	wifiprovd stop
//	wifiprovd reset                  # forget the network
//	wifiprovd qr                     # what a phone has to know
//
// docs/wifiprovd.md explains it. Exit status:
//
//	0  done
//	2  not done: the command line, the configuration, or a request that was refused
//	4  not done, but another try may succeed: the daemon does not run, or the Wi-Fi is not
//	   there
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/config"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/control"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/daemon"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/identity"
	"github.com/wifiprov/wifiprov/cmd/wifiprovd/internal/system"
	"github.com/wifiprov/wifiprov/hal"
)

// Folders of a daemon that systemd has not told others.
const (
	stateFolder = "/var/lib/wifiprov"
	runFolder   = "/run/wifiprov"
	socketName  = "wifiprovd.sock"
	storeName   = "network"
)

// askTime is how long the daemon may take for a request: an access point takes seconds to
// open.
const askTime = 2 * time.Minute

type commands struct {
	Run     runCommand     `cmd:"" help:"the daemon"`
	Check   checkCommand   `cmd:"" help:"check the configuration"`
	Status  statusCommand  `cmd:"" help:"print what the daemon does"`
	Start   startCommand   `cmd:"" help:"let phones provision the box now"`
	Stop    stopCommand    `cmd:"" help:"end that"`
	Reset   resetCommand   `cmd:"" help:"forget the network, and let phones provision the box"`
	QR      qrCommand      `cmd:"" help:"print the QR code and the password of the box"`
	Version versionCommand `cmd:"" name:"--version" aliases:"-version" help:"print the version of wifiprovd"`
}

func main() {
	os.Exit(run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

func run(args []string, s cli.Streams) int {
	return cli.Run(context.Background(), "wifiprovd", "wifiprovd lets phones give a Linux box the credentials of a Wi-Fi network.", new(commands), args, s)
}

type runCommand struct {
	Config string `placeholder:"FILE" default:"/etc/wifiprov/wifiprovd.yaml" help:"configuration; ${default} if it is not given"`
	State  string `placeholder:"FOLDER" help:"folder of what is kept; /var/lib/wifiprov if it is not given"`
	Socket string `placeholder:"FILE" help:"socket of the other commands; /run/wifiprov/wifiprovd.sock if it is not given"`
	Debug  bool   `help:"tell the log more"`
}

// Help explains the command.
func (*runCommand) Help() string {
	return `Runs until it is interrupted, and logs to the standard error. systemd does that: systemctl start wifiprovd.

SIGUSR1 lets phones provision the box now, as wifiprovd start does.`
}

// Run runs the daemon.
func (c *runCommand) Run(ctx context.Context, s cli.Streams) error {
	// By default garbage may grow to 4 MiB, more than all that the daemon needs, and the
	// kernel makes two huge pages of whatever is in use. (An older kernel that refuses
	// the second costs memory, and nothing else.)
	debug.SetGCPercent(20)
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
	log := daemon.Log(s.Err, os.Getenv("JOURNAL_STREAM") != "", c.Debug)
	cfg, err := config.Read(c.Config)
	if errors.Is(err, fs.ErrNotExist) && c.Config == config.Path {
		cfg, err = config.Default(), nil
		log.Log(hal.LevelInfo, "there is no "+config.Path+", so everything is as by default")
	}
	if err != nil {
		return err
	}
	state := cmp.Or(c.State, os.Getenv("STATE_DIRECTORY"), stateFolder)
	asks := make(chan os.Signal, 1)
	signal.Notify(asks, syscall.SIGUSR1)
	defer signal.Stop(asks)
	err = daemon.Run(ctx, daemon.Options{
		Config:  cfg,
		State:   state,
		Socket:  socketPath(c.Socket),
		System:  machine(filepath.Join(state, storeName)),
		Asks:    asks,
		Ready:   debug.FreeOSMemory, // of the start, which needs more than what follows
		Version: version(),
		Output:  os.Stderr,
		Console: s.Err,
		Log:     log,
	})
	var wrong *daemon.ConfigError
	if err == nil || errors.As(err, &wrong) {
		return err
	}
	return &cli.Failure{Status: cli.TryAgain, Err: err}
}

// machine returns the machine, whose credentials are in the file store if no daemon of the
// machine keeps them. Tests have another one.
var machine = func(store string) daemon.System { return system.System{Store: store} }

func socketPath(flag string) string {
	return cmp.Or(flag, filepath.Join(cmp.Or(os.Getenv("RUNTIME_DIRECTORY"), runFolder), socketName))
}

type checkCommand struct {
	File   string `arg:"" optional:"" help:"configuration"`
	Sample bool   `help:"print a configuration with all keys, their defaults and what they mean"`
}

// Help explains the command.
func (*checkCommand) Help() string {
	return "Reads a configuration, " + config.Path + " unless another FILE is given, and tells the line and the reason of the\nfirst mistake."
}

// Run checks.
func (c *checkCommand) Run(s cli.Streams) error {
	if c.Sample {
		_, err := io.WriteString(s.Out, config.Sample)
		return err
	}
	path := cmp.Or(c.File, config.Path)
	if _, err := config.Read(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.Out, "%s is right\n", path)
	return err
}

// asking are the flags of commands that ask the daemon.
type asking struct {
	Socket string `placeholder:"FILE" help:"socket of the daemon; /run/wifiprov/wifiprovd.sock if it is not given"`
}

func (a *asking) ask(ctx context.Context, do string) (*control.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	status, err := control.Ask(ctx, socketPath(a.Socket), do)
	var absent *control.NotRunning
	if errors.As(err, &absent) || errors.Is(err, control.ErrEnded) || errors.Is(err, context.DeadlineExceeded) {
		return nil, &cli.Failure{Status: cli.TryAgain, Err: err}
	}
	return status, err
}

type statusCommand struct {
	asking
	JSON bool `name:"json" help:"print JSON"`
}

// Help explains the command.
func (*statusCommand) Help() string { return "Prints what the daemon does, for people or as JSON." }

// Run prints the status.
func (c *statusCommand) Run(ctx context.Context, s cli.Streams) error {
	status, err := c.ask(ctx, control.AskStatus)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(status)
	}
	_, err = io.WriteString(s.Out, words(status))
	return err
}

// words tells a status.
func words(s *control.Status) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s"+format+"\n", append([]any{name + ":"}, args...)...)
	}
	const clock = "15:04:05"
	switch {
	case s.State == "provisioning" && s.Closes.IsZero():
		line("state", "phones can provision the box (%s)", s.Why)
	case s.State == "provisioning":
		line("state", "phones can provision the box until %s (%s)", s.Closes.Local().Format(clock), s.Why)
	case !s.Opens.IsZero():
		line("state", "offline; from %s on phones can provision the box", s.Opens.Local().Format(clock))
	default:
		line("state", "%s", s.State)
	}
	if s.State != "provisioning" {
		line("stored", "%s", map[bool]string{true: "the credentials of a network", false: "nothing"}[s.Stored])
	}
	if s.Address != "" {
		line("network", "%s, %s", s.Network, s.Address)
	}
	line("interface", "%s (%s)", s.Interface, s.Backend)
	line("service", "%s (%s, security %d)", s.Service, s.Transport, s.Security)
	if s.Failure != "" {
		line("last failure", "%s", s.Failure)
	}
	return b.String()
}

type startCommand struct{ asking }

// Help explains the command.
func (*startCommand) Help() string {
	return "Lets phones provision the box for the time that the configuration says, and returns when they can. The box leaves\nits network meanwhile, and is back in it if it gets no other one."
}

// Run opens a window.
func (c *startCommand) Run(ctx context.Context) error {
	_, err := c.ask(ctx, control.AskStart)
	return err
}

type stopCommand struct{ asking }

// Help explains the command.
func (*stopCommand) Help() string { return "Ends the time in which phones can provision the box." }

// Run closes the window.
func (c *stopCommand) Run(ctx context.Context) error {
	_, err := c.ask(ctx, control.AskStop)
	return err
}

type resetCommand struct{ asking }

// Help explains the command.
func (*resetCommand) Help() string {
	return "Forgets the network that was provisioned, and lets phones provision the box. The password of the box stays."
}

// Run resets.
func (c *resetCommand) Run(ctx context.Context) error {
	_, err := c.ask(ctx, control.AskReset)
	return err
}

type qrCommand struct {
	asking
	Text bool `help:"print the text of the code alone"`
}

// Help explains the command.
func (*qrCommand) Help() string {
	return "Prints the QR code that provisioning apps scan, and what is in it, with the password."
}

// Run prints the code.
func (c *qrCommand) Run(ctx context.Context, s cli.Streams) error {
	status, err := c.ask(ctx, control.AskQR)
	if err != nil {
		return err
	}
	if c.Text {
		_, err := fmt.Fprintln(s.Out, status.QR)
		return err
	}
	out, is := s.Out.(*os.File)
	return identity.Show(s.Out, hal.Secret(status.QR), is && term.IsTerminal(int(out.Fd())))
}

type versionCommand struct{}

// Help explains the command.
func (versionCommand) Help() string {
	return "Prints the version of wifiprovd, Go's version and the platform."
}

// Run prints it.
func (versionCommand) Run(s cli.Streams) error {
	_, err := fmt.Fprintf(s.Out, "wifiprovd %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// release is the version of a package, which the linker sets.
var release string

// version is that of a package, or what the go command built into the program.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

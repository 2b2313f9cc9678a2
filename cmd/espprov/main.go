// SPDX-License-Identifier: Apache-2.0

// Command espprov provisions devices, simulates them, and makes what they are made of. Its
// commands talk to one device (provision, scan, version, send, status, reset,
// reprovision, devices) or to many (batch, report, labels), run simulated devices (sim),
// explain and repeat recorded conversations (decode, replay), and make what a factory
// needs: images of NVS partitions (nvs), credentials of security 2 (credentials) and QR
// codes (qr). completion is for shells.
//
//	espprov provision --pop abcd1234 --ssid HomeNet
//	espprov sim --security 2
//	espprov nvs create factory.csv nvs.bin 0x6000
//
// docs/espprov.md explains them. espprov help lists the commands, and each command
// explains itself with -h.
//
// Exit status:
//
//	0  done
//	1  done, and the answer is no: a device refused, check found something irregular,
//	   or a key or namespace does not exist
//	2  not done: the command line, a file, a value or the keys are wrong
//	3  done in part: some devices of a batch failed
//	4  not done, but another try may succeed: the device, the link, the Bluetooth adapter
//	   or a file system failed
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/wifiprov/wifiprov/cmd/espprov/internal/batchcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/clientcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/credcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/nvscmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/qrcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/simcmd"
	"github.com/wifiprov/wifiprov/cmd/espprov/internal/transcriptcmd"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// commands are all commands, in the order of the help. A new command is a package
// beside nvscmd with a struct as package cli describes it, and a line here.
type commands struct {
	Provision     clientcmd.Provision    `cmd:"" help:"give a device the credentials of a network"`
	Scan          clientcmd.Scan         `cmd:"" help:"list the networks that a device sees"`
	DeviceVersion clientcmd.Version      `cmd:"" name:"version" help:"print what a device says of itself"`
	Send          clientcmd.Send         `cmd:"" help:"send a message to a device's application"`
	Status        clientcmd.Status       `cmd:"" help:"print how far a device has come"`
	Reset         clientcmd.Reset        `cmd:"" help:"let a device that failed take other credentials"`
	Reprovision   clientcmd.Reprovision  `cmd:"" help:"let a device that has joined take other credentials"`
	Devices       clientcmd.Devices      `cmd:"" help:"list the Bluetooth devices in range"`
	Credentials   credcmd.Command        `cmd:"" help:"salt and verifier of security 2"`
	NVS           nvscmd.Command         `cmd:"" help:"images of NVS partitions: dump, create, change, check"`
	QR            qrcmd.Command          `cmd:"" help:"QR codes of devices: make, read"`
	Sim           simcmd.Command         `cmd:"" help:"simulated devices to provision"`
	Decode        transcriptcmd.Decode   `cmd:"" help:"explain a recorded conversation with a device"`
	Replay        transcriptcmd.Replay   `cmd:"" help:"play a recorded conversation to a device, and compare"`
	Batch         batchcmd.Command       `cmd:"" help:"provision many devices from a table"`
	Report        batchcmd.ReportCommand `cmd:"" help:"reports of batches: show, merge, convert"`
	Labels        batchcmd.LabelsCommand `cmd:"" help:"labels with QR codes for the devices of a table"`
	Completion    completion             `cmd:"" help:"the scripts with which a shell completes command lines"`
	Version       versionCommand         `cmd:"" name:"--version" aliases:"-version" help:"print the version of espprov"`
}

func main() {
	os.Exit(run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

func run(args []string, s cli.Streams) int {
	return cli.Run(context.Background(), "espprov", "espprov provisions ESP32 devices and others that speak their protocol, and simulates them.", new(commands), args, s)
}

// versionCommand prints what the go command built into the program.
type versionCommand struct{}

// Help explains the command.
func (versionCommand) Help() string {
	return "Prints the version of espprov, the commit that it was built from, Go's version and the platform."
}

// Run prints it.
func (versionCommand) Run(s cli.Streams) error {
	version, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(info.Main.Version, version)
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = " commit " + setting.Value + commit
			case setting.Key == "vcs.modified" && setting.Value == "true":
				commit += " with changes"
			}
		}
	}
	_, err := fmt.Fprintf(s.Out, "espprov %s%s %s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

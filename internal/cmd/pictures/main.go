// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

// Command pictures draws the terminal pictures of the docs. It runs espprov against
// simulated devices, in a terminal in which it types what a user would, and writes what
// was on the screen as SVG. From the root of the repository:
//
//	go run ./internal/cmd/pictures docs
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
)

// typed is what the user types once a question is on the screen.
type typed struct{ question, answer string }

// session is a picture: commands, and what is typed in them.
type session struct {
	file     string
	sim      string // arguments of the devices' command
	commands []string
	types    []typed
}

var sessions = []session{
	{
		file: "espprov-provision.svg",
		sim:  `--port 8080 --network "HomeNet,correct horse, channel: 6, rssi: -47" --network "Café am Eck,, channel: 11, rssi: -68" --network "Attic,battery staple, channel: 3, rssi: -80"`,
		commands: []string{
			"espprov provision --device 127.0.0.1:8080",
		},
		types: []typed{
			{"Proof of possession: ", "abcd1234"}, {"Network, 1 to ", "1"}, {"Passphrase of HomeNet: ", "wrong horse"},
			{"? for a list: ", ""}, {"Passphrase of HomeNet: ", "correct horse"},
		},
	},
	{
		file: "espprov-batch.svg",
		sim:  `--count 12 --port 9000 --time-scale 10 --network "HomeNet,correct horse"`,
		commands: []string{
			"head -n 3 devices.csv",
			"espprov batch --report today.jsonl --ssid HomeNet --passphrase env:WIFI devices.csv",
			"espprov report show today.jsonl",
		},
	},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: pictures FOLDER")
	}
	if err := draw(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func draw(folder string) error {
	work, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if out, err := exec.Command("go", "build", "-o", work, "./cmd/espprov").CombinedOutput(); err != nil {
		return fmt.Errorf("%s%w", out, err)
	}
	var table strings.Builder
	table.WriteString("name,address,pop,serial\n")
	for i := range 12 {
		fmt.Fprintf(&table, "PROV_%06d,127.0.0.1:%d,abcd1234,SN-%04d\n", i+1, 9000+i, i+1)
	}
	if err := os.WriteFile(filepath.Join(work, "devices.csv"), []byte(table.String()), 0o600); err != nil {
		return err
	}
	for _, s := range sessions {
		lines, err := s.run(work)
		if err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		if err := os.WriteFile(filepath.Join(folder, s.file), []byte(svg(lines)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shell returns a command of the shell in the folder with espprov.
func shell(work, line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "PATH="+work+string(os.PathListSeparator)+os.Getenv("PATH"), "WIFI=correct horse", "TERM=xterm-256color")
	return cmd
}

// run runs the commands, and returns the lines that were on the screen.
func (s *session) run(work string) ([]string, error) {
	devices := shell(work, "exec espprov sim "+s.sim)
	out, err := devices.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := devices.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = devices.Process.Kill()
		_ = devices.Wait() // it was killed
	}()
	if _, err := out.Read(make([]byte, 1)); err != nil { // how they are reached: they listen
		return nil, errors.New("the devices do not start")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	time.Sleep(time.Second) // all of them
	var lines []string
	for _, command := range s.commands {
		lines = append(lines, "$ "+command)
		text, err := s.interact(shell(work, command))
		if err != nil {
			return nil, err
		}
		lines = append(lines, screen(text)...)
	}
	return lines, nil
}

// interact runs a command in a terminal, types, and returns everything that it printed.
func (s *session) interact(cmd *exec.Cmd) (string, error) {
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		return "", err
	}
	defer terminal.Close()
	var text strings.Builder
	seen, next := 0, 0
	for b := make([]byte, 4096); ; {
		n, err := terminal.Read(b)
		text.Write(b[:n])
		if next < len(s.types) {
			if i := strings.Index(text.String()[seen:], s.types[next].question); i >= 0 {
				seen = text.Len()
				time.Sleep(200 * time.Millisecond) // the echo is off, then
				if _, err := terminal.WriteString(s.types[next].answer + "\n"); err != nil {
					return "", err
				}
				next++
			}
		}
		if err != nil { // the command has ended
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w", text.String(), err)
	}
	return text.String(), nil
}

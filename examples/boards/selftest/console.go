// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/wifiprov/wifiprov/scheme/console"
)

// cable is a serial line, at whose other end the phone sits.
type cable struct {
	down, up chan []byte
	rest     []byte // of what the device is reading
}

// Read is the device's.
func (c *cable) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		chunk, ok := <-c.down
		if !ok {
			return 0, io.EOF
		}
		c.rest = chunk
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write is the device's.
func (c *cable) Write(p []byte) (int, error) {
	c.up <- bytes.Clone(p)
	return len(p), nil
}

// prompt is what the device writes when it waits for a line.
const prompt = "\n>> "

// receive returns what the device writes up to its prompt.
func (c *cable) receive() (text []byte) {
	for !bytes.HasSuffix(text, []byte(prompt)) {
		text = append(text, <-c.up...)
	}
	return text[:len(text)-len(prompt)]
}

// exchange implements wire.
func (c *cable) exchange(endpoint string, request []byte) ([]byte, error) {
	c.down <- []byte(endpoint + " 7 " + hexOf(request) + "\n")
	text := bytes.TrimSpace(c.receive())
	if len(text) == 0 {
		return nil, errors.New("the device refuses a request to " + endpoint)
	}
	return unhex(string(text)), nil
}

func testConsole(mode int) error {
	d, err := newDevice()
	if err != nil {
		return err
	}
	sec, cipher, err := d.security(mode)
	if err != nil {
		return err
	}
	line := &cable{down: make(chan []byte), up: make(chan []byte, 1)}
	s := console.New(console.Config{Stream: line, NoEcho: true})
	if err := d.start(s, sec); err != nil {
		return errors.New("start: " + err.Error())
	}
	line.receive()
	p := &phone{wire: line, cipher: cipher, clock: d.clock}
	if err := p.provision(capability(mode)); err != nil {
		return err
	}
	err = d.finish()
	close(line.down)
	return err
}

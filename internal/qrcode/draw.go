// SPDX-License-Identifier: Apache-2.0

// Package qrcode draws a text as a QR code. Its functions keep no state, and all may be
// called at the same time. Package qrscan reads codes.
package qrcode

import (
	"errors"
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quietZone is how wide the light border around a code is, in modules.
const quietZone = 4

// pixels is how wide a module of a PNG is.
const pixels = 8

// Code is a QR code to draw. It does not change.
type Code struct {
	code *qr.Code
}

// New makes a QR code of a text, as small as the text allows. It fails for a text that
// is too long: 2953 bytes are the most.
func New(text string) (*Code, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, errors.New("the text is too long for a QR code")
	}
	code.Scale = pixels
	return &Code{code}, nil
}

// Terminal draws the code with two modules in a character, one above the other, in
// black on white whatever the colours of the terminal are.
func (c *Code) Terminal() string {
	const blackOnWhite, reset = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
	shapes := map[[2]bool]string{{false, false}: " ", {true, false}: "▀", {false, true}: "▄", {true, true}: "█"}
	var b strings.Builder
	for y := -quietZone; y < c.code.Size+quietZone; y += 2 {
		b.WriteString(blackOnWhite)
		for x := -quietZone; x < c.code.Size+quietZone; x++ {
			b.WriteString(shapes[[2]bool{c.code.Black(x, y), c.code.Black(x, y+1)}])
		}
		b.WriteString(reset + "\n")
	}
	return b.String()
}

// SVG draws the code in black on white: one rectangle for each run of black modules. A
// module is one unit wide.
func (c *Code) SVG() string {
	var b strings.Builder
	size := c.code.Size + 2*quietZone
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, size, size)
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, size, size)
	for y := range c.code.Size {
		for x := 0; x < c.code.Size; x++ {
			from := x
			for x < c.code.Size && c.code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, x-from, x-from)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String()
}

// PNG draws the code as a PNG file, with eight pixels for the width of a module.
func (c *Code) PNG() []byte { return c.code.PNG() }

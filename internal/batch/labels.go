// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/internal/qrcode"
)

// LabelHead is the header of a table for label software, before the operator's columns.
var LabelHead = []string{"name", "mac", "pop", "qr", "zpl"}

// LabelCells are the cells of a device below LabelHead. A device with a console has no
// QR code, since apps do not know such devices.
func LabelCells(d *Device) ([]string, error) {
	qr, err := d.qr()
	if err != nil {
		return nil, err
	}
	l := d.Label()
	zpl := ""
	if qr != "" {
		zpl = ZPL(qr)
	}
	return []string{d.Name, d.MAC, string(l.PoP), qr, zpl}, nil
}

// qr is the text of the device's QR code.
func (d *Device) qr() (string, error) {
	if d.Transport == Console {
		return "", nil
	}
	l := d.Label()
	text, err := l.JSON()
	if err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "label: "))
	}
	return text, nil
}

// ZPL draws a text as a QR code on a printer that speaks ZPL. What has a meaning there,
// and what is not ASCII, is written in hexadecimal digits.
func ZPL(text string) string {
	var b strings.Builder
	b.WriteString("^CI28^FO20,20^BQN,2,4^FH_^FDLA,")
	for _, c := range []byte(text) {
		if c == '_' || c == '^' || c == '~' || c < ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "_%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteString("^FS")
	return b.String()
}

// Sheet is how labels lie on a page of A4. Lengths are in millimetres.
type Sheet struct {
	Columns, Rows int
	Margin, Gap   float64
	// Show names columns of the operator's that labels show.
	Show []string
}

// A4 in millimetres, and the smallest label.
const (
	pageWidth, pageHeight = 210.0, 297.0
	leastSide             = 15.0
)

// Check returns what is wrong with a sheet.
func (s *Sheet) Check() error {
	switch {
	case s.Columns < 1 || s.Rows < 1:
		return errors.New("--columns and --rows: give 1 or more")
	case !(s.Margin >= 0) || !(s.Gap >= 0):
		return errors.New("--margin and --gap: give 0 or more millimetres")
	}
	if w, h := s.size(); w < leastSide || h < leastSide {
		return fmt.Errorf("--columns and --rows: a label of %.1f × %.1f mm is too small to read, which is below %v mm: give fewer", w, h, leastSide)
	}
	return nil
}

// PerPage is how many labels a page has.
func (s *Sheet) PerPage() int { return s.Columns * s.Rows }

func (s *Sheet) size() (width, height float64) {
	return (pageWidth - 2*s.Margin - float64(s.Columns-1)*s.Gap) / float64(s.Columns),
		(pageHeight - 2*s.Margin - float64(s.Rows-1)*s.Gap) / float64(s.Rows)
}

// Page draws the labels of up to PerPage devices as SVG.
func (s *Sheet) Page(devices []*Device) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]vmm" height="%[2]vmm" viewBox="0 0 %[1]v %[2]v" font-family="sans-serif">`+"\n", pageWidth, pageHeight)
	width, height := s.size()
	for i, d := range devices {
		x := s.Margin + float64(i%s.Columns)*(width+s.Gap)
		y := s.Margin + float64(i/s.Columns)*(height+s.Gap)
		fmt.Fprintf(&b, `<g transform="translate(%.2f %.2f)">`, x, y)
		if err := s.draw(&b, d, width, height); err != nil {
			return "", fmt.Errorf("row %d: %w", d.Row, err)
		}
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// draw draws a label: its QR code on the left, and text beside it.
func (s *Sheet) draw(b *strings.Builder, d *Device, width, height float64) error {
	side := 0.0
	qr, err := d.qr()
	if err != nil {
		return err
	}
	if qr != "" {
		code, err := qrcode.New(qr)
		if err != nil {
			return err
		}
		side = min(height, width*0.6)
		svg, _ := strings.CutPrefix(code.SVG(), "<svg ")
		fmt.Fprintf(b, `<svg x="0" y="%.2f" width="%[2]v" height="%[2]v" `, (height-side)/2, side)
		b.WriteString(svg)
	}
	lines := []string{d.Name}
	if d.MAC != "" {
		lines = append(lines, d.MAC)
	}
	if l := d.Label(); l.PoP != "" {
		lines = append(lines, "PoP "+string(l.PoP))
	}
	for _, name := range s.Show {
		for _, f := range d.Fields {
			if f.Name == name && f.Value != "" {
				lines = append(lines, f.Name+" "+f.Value)
			}
		}
	}
	const gap = 1.5
	room := width - side - gap
	step := min(4.5, (height-2)/float64(len(lines)))
	y := height/2 - step*float64(len(lines)-1)/2
	for i, line := range lines {
		weight := ""
		if i == 0 {
			weight = ` font-weight="bold"`
		}
		size := min(step*0.75, room/(0.62*float64(max(len([]rune(line)), 1)))) // letters are 0.62 as wide as high at most
		fmt.Fprintf(b, `<text x="%.2f" y="%.2f" font-size="%.2f"%s>`, side+gap, y+size/3, size, weight)
		_ = xml.EscapeText(b, []byte(line)) // a Builder takes everything
		b.WriteString("</text>")
		y += step
	}
	return nil
}

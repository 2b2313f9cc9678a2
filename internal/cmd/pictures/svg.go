// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package main

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// screen returns the lines that are left on a terminal: a carriage return goes back to
// the beginning of the line, and what comes then takes its place.
func screen(text string) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n")
		if i := strings.LastIndex(line, "\r"); i >= 0 {
			line = line[i+1:]
		}
		lines = append(lines, strings.ReplaceAll(line, "\x1b[K", ""))
	}
	return lines
}

// columns is where long lines are broken.
const columns = 96

// wrap breaks long lines as a terminal does.
func wrap(lines []string) []string {
	var all []string
	for _, line := range lines {
		for utf8.RuneCountInString(line) > columns {
			cut := []rune(line)
			at := columns
			if i := strings.LastIndexByte(string(cut[:columns]), ' '); i > columns/2 {
				at = utf8.RuneCountInString(string(cut[:columns])[:i])
			}
			all = append(all, string(cut[:at]))
			line = "  " + strings.TrimSpace(string(cut[at:]))
		}
		all = append(all, line)
	}
	return all
}

// colour tells the kinds of lines apart.
func colour(line string) string {
	switch {
	case strings.HasPrefix(line, "$ "):
		return "#ffffff"
	case strings.HasPrefix(line, "espprov: "), strings.Contains(line, "failed: "):
		return "#ff7b72"
	case strings.HasPrefix(line, "The device has joined"), strings.HasPrefix(line, "connected"):
		return "#7ee787"
	case strings.Contains(line, ": ") && !strings.HasPrefix(line, " "):
		return "#79c0ff"
	}
	return "#c9d1d9"
}

// svg draws the lines on a dark window, which looks right on light pages and on dark
// ones. Its text can be selected.
func svg(lines []string) string {
	lines = wrap(lines)
	const lineHeight, top, side, width = 20, 56, 22, 860
	height := top + len(lines)*lineHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%s">`+"\n",
		width, height, html.EscapeString("Terminal: "+strings.TrimPrefix(lines[0], "$ ")))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="10" fill="#0d1117"/>`+"\n", width, height)
	for i, fill := range []string{"#ff5f56", "#ffbd2e", "#27c93f"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="22" r="6" fill="%s"/>`, 24+20*i, fill)
	}
	b.WriteString("\n" + `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">` + "\n")
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", side, top+i*lineHeight, colour(line), html.EscapeString(line))
	}
	b.WriteString("</g></svg>\n")
	return b.String()
}

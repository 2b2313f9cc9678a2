// SPDX-License-Identifier: Apache-2.0

package qrcode

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const text = `{"ver":"v1","name":"PROV_A1B2C3","username":"wifiprov","pop":"abcd1234","transport":"softap","security":2,"network":"wifi"}`

func TestTooLong(t *testing.T) {
	_, err := New(strings.Repeat("x", 2954))
	require.EqualError(t, err, "the text is too long for a QR code")
}

// What the terminal and the SVG show is the code that the PNG shows.
func TestDrawings(t *testing.T) {
	code, err := New(text)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(code.PNG()))
	require.NoError(t, err)
	black := func(x, y int) bool {
		at := image.Pt(x*pixels, y*pixels)
		return at.In(img.Bounds()) && color.GrayModel.Convert(img.At(at.X, at.Y)).(color.Gray).Y < 128
	}
	size := img.Bounds().Dx() / pixels

	lines := strings.Split(strings.TrimSuffix(code.Terminal(), "\n"), "\n")
	require.Len(t, lines, (size+1)/2)
	for y, line := range lines {
		line, ok := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
		require.True(t, ok)
		line, ok = strings.CutSuffix(line, "\x1b[0m")
		require.True(t, ok)
		require.Len(t, []rune(line), size)
		for x, r := range []rune(line) {
			require.Equal(t, black(x, 2*y), strings.ContainsRune("▀█", r))
			require.Equal(t, black(x, 2*y+1), strings.ContainsRune("▄█", r))
		}
	}

	svg := code.SVG()
	require.True(t, strings.HasPrefix(svg, fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"`, size, size)), svg)
	drawn := map[image.Point]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		require.Equal(t, n[2], n[3])
		for x := range n[2] {
			drawn[image.Pt(n[0]+x, n[1])] = true
		}
	}
	for y := range size {
		for x := range size {
			require.Equal(t, black(x, y), drawn[image.Pt(x, y)])
		}
	}
}

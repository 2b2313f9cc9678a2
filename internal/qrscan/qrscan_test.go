// SPDX-License-Identifier: Apache-2.0

package qrscan

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/internal/qrcode"
	"github.com/wifiprov/wifiprov/internal/test/long"
)

const text = `{"ver":"v1","name":"PROV_A1B2C3","username":"wifiprov","pop":"abcd1234","transport":"softap","security":2,"network":"wifi"}`

func drawing(t *testing.T, text string) (*qrcode.Code, image.Image) {
	t.Helper()
	code, err := qrcode.New(text)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(code.PNG()))
	require.NoError(t, err)
	return code, img
}

func pngFile(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func TestReadDrawing(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, text := range []string{text, "NP:PROV_1|é網路|b", long} {
		code, img := drawing(t, text)
		got, err := Read(code.PNG())
		require.NoError(t, err)
		require.Equal(t, text, got)

		var b bytes.Buffer
		require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}))
		got, err = Read(b.Bytes())
		require.NoError(t, err)
		require.Equal(t, text, got)

		b.Reset()
		require.NoError(t, gif.Encode(&b, img, nil))
		got, err = Read(b.Bytes())
		require.NoError(t, err)
		require.Equal(t, text, got)
	}
}

// photo draws an image as a camera sees it: turned, larger or smaller, unevenly lit,
// in the middle of something else, and with noise.
func photo(img image.Image, side int, degrees, scale, noise float64, inverted bool) image.Image {
	random := rand.New(rand.NewPCG(1, 2))
	out := image.NewGray(image.Rect(0, 0, side, side*3/4))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	r := img.Bounds()
	for y := range out.Rect.Dy() {
		for x := range side {
			dx, dy := float64(x)-float64(side)/2, float64(y)-float64(out.Rect.Dy())/2
			u := (dx*cos+dy*sin)/scale + float64(r.Dx())/2
			v := (dy*cos-dx*sin)/scale + float64(r.Dy())/2
			value := 90 + 40*math.Sin(float64(x)/37)
			if p := image.Pt(int(u), int(v)); u >= 0 && v >= 0 && p.In(r) {
				value = 20 + float64(color.GrayModel.Convert(img.At(p.X, p.Y)).(color.Gray).Y)*0.7
				if inverted {
					value = 220 - value
				}
			}
			value = value*(0.6+0.4*float64(x)/float64(side)) + random.NormFloat64()*noise
			out.Pix[out.PixOffset(x, y)] = uint8(max(0, min(255, value)))
		}
	}
	return out
}

func TestReadPhoto(t *testing.T) {
	_, img := drawing(t, text)
	stride := long.Stride(t, 3, 1)
	for i, c := range []struct {
		side                  int
		degrees, scale, noise float64
		inverted              bool
	}{
		{800, 0, 1, 0, false},
		{800, 17, 1, 10, false},
		{800, 45, 0.8, 15, false},
		{800, 133, 1, 10, false},
		{1000, 270, 1, 20, false},
		{1500, 30, 2, 30, false},
		{2400, 8, 1.5, 20, false},
		{3000, 200, 4, 60, false},
		{800, 20, 1.3, 50, false},  // only as 400 pixels
		{1600, 33, 2.5, 60, false}, // only as 400 pixels
		{3000, 10, 0.5, 5, false},  // only as 3000 pixels
		{800, 17, 1, 10, true},
		{800, 0, 1, 10, true},
	} {
		if i%stride != 0 {
			continue
		}
		var b bytes.Buffer
		require.NoError(t, jpeg.Encode(&b, photo(img, c.side, c.degrees, c.scale, c.noise, c.inverted), nil))
		got, err := Read(b.Bytes())
		require.NoError(t, err, "%+v", c)
		require.Equal(t, text, got)
	}
}

// A code on a transparent ground is on white.
func TestReadTransparent(t *testing.T) {
	_, img := drawing(t, text)
	clear := image.NewNRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				clear.Set(x, y, color.Black)
			}
		}
	}
	got, err := Read(pngFile(t, clear))
	require.NoError(t, err)
	require.Equal(t, text, got)
}

func TestReadErrors(t *testing.T) {
	_, err := Read([]byte(text))
	require.ErrorIs(t, err, ErrNoImage)
	_, err = Read(nil)
	require.ErrorIs(t, err, ErrNoImage)

	code, _ := drawing(t, text)
	_, err = Read(code.PNG()[:60])
	require.EqualError(t, err, "the image is broken")
	_, err = Read(code.PNG()[:20])
	require.EqualError(t, err, "the image is broken")

	_, err = Read(pngFile(t, image.NewGray(image.Rect(0, 0, 300, 200))))
	require.EqualError(t, err, "there is no QR code in the image that can be read: show it larger, sharper or alone")
	_, err = Read(pngFile(t, image.NewGray(image.Rect(0, 0, 1, 1))))
	require.EqualError(t, err, "there is no QR code in the image that can be read: show it larger, sharper or alone")

	_, err = Read(make([]byte, MaxFile+1))
	require.EqualError(t, err, "it has over 32 MiB, which is the most for an image")
}

// A small file that says it is an enormous image is refused before it is unpacked.
func TestReadBomb(t *testing.T) {
	bomb := pngFile(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	head := bomb[12:29] // its chunk IHDR without the sum
	binary.BigEndian.PutUint32(head[4:], 10_000)
	binary.BigEndian.PutUint32(head[8:], 10_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(head))
	_, err := Read(bomb)
	require.EqualError(t, err, "the image has 10000 by 10000 pixels, and 50 million are the most: make it smaller")
}

// FuzzRead: no file makes Read panic.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, file []byte) {
		about, _, err := image.DecodeConfig(bytes.NewReader(file))
		if err == nil && (about.Width > 100 || about.Height > 100) {
			return // it takes too long
		}
		_, _ = Read(file)
	})
}

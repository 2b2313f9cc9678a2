// SPDX-License-Identifier: Apache-2.0

// Package qrscan reads the text of a QR code from an image. It keeps no state, and all
// functions may be called at the same time.
package qrscan

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // images that Read reads
	_ "image/jpeg" // images that Read reads
	_ "image/png"  // images that Read reads
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Limits of an image.
const (
	// MaxFile is the largest file of an image, in bytes.
	MaxFile = 32 << 20
	// MaxPixels is the largest image: width times height.
	MaxPixels = 50_000_000
)

// ErrNoImage is the error of a file that is no image in a form that Read knows.
var ErrNoImage = errors.New("it is no PNG, JPEG or GIF image")

// Read returns the text of the QR code in an image: a PNG, JPEG or GIF file. The code
// may be drawn, or photographed at any angle, and may be light on dark. If there are
// several codes, Read returns the text of one. It takes some seconds at worst, for a
// large photo without a code.
//
// Errors: ErrNoImage; an image that is broken, is larger than MaxFile or MaxPixels, or
// has no code that can be read. They show nothing of the text.
func Read(file []byte) (string, error) {
	if len(file) > MaxFile {
		return "", fmt.Errorf("it has over %d MiB, which is the most for an image", MaxFile>>20)
	}
	about, _, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case errors.Is(err, image.ErrFormat):
		return "", ErrNoImage
	case err != nil:
		return "", errors.New("the image is broken")
	case about.Width > 0 && about.Height > MaxPixels/about.Width:
		return "", fmt.Errorf("the image has %d by %d pixels, and %d million are the most: make it smaller", about.Width, about.Height, MaxPixels/1_000_000)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return "", errors.New("the image is broken")
	}
	var tried []int
	for _, side := range sides {
		n := max(1, (max(about.Width, about.Height)+side-1)/side)
		if slices.Contains(tried, n) {
			continue
		}
		tried = append(tried, n)
		if text, ok := find(shrink(img, n)); ok {
			return text, nil
		}
	}
	return "", errors.New("there is no QR code in the image that can be read: show it larger, sharper or alone")
}

// sides are the widths or heights to which images are shrunk, one try after the other.
// Averaging pixels takes away noise, and small codes need many pixels.
var sides = []int{800, 400, 1600, 3200}

// shrink returns the image in shades of grey, with one pixel for n by n: their average.
// What is transparent is white.
func shrink(img image.Image, n int) *image.Gray {
	r := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, max(1, r.Dx()/n), max(1, r.Dy()/n)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum, count := uint32(0), uint32(0)
			for yy := r.Min.Y + y*n; yy < min(r.Min.Y+(y+1)*n, r.Max.Y); yy++ {
				for xx := r.Min.X + x*n; xx < min(r.Min.X+(x+1)*n, r.Max.X); xx++ {
					red, green, blue, alpha := img.At(xx, yy).RGBA()
					sum += ((19595*red+38470*green+7471*blue)>>16 + 0xffff - alpha) >> 8
					count++
				}
			}
			out.Pix[out.PixOffset(x, y)] = uint8(sum / max(1, count))
		}
	}
	return out
}

// find looks for a code, dark on light and light on dark. The image may be a stranger's,
// so what the library for it does not expect is no code.
func find(img *image.Gray) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true, gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"}
	light := gozxing.NewLuminanceSourceFromImage(img)
	for _, source := range []gozxing.LuminanceSource{light, light.Invert()} {
		for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
			bitmap, err := gozxing.NewBinaryBitmap(binarizer)
			if err != nil {
				continue
			}
			if found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
				return found.GetText(), true
			}
		}
	}
	return "", false
}

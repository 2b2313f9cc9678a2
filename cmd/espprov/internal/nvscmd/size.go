// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"errors"
	"strconv"
	"strings"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvsgen"
)

// size is a partition's size on the command line: 24576, 0x6000 or 24K.
type size int

// UnmarshalText takes the size from the command line.
func (s *size) UnmarshalText(text []byte) error {
	n, ok := parseBytes(string(text))
	if !ok || n == 0 {
		return errors.New("no size of a partition: give a multiple of 4096 as in the partition table, like 0x6000 or 24K")
	}
	*s = size(n)
	return nil
}

// offset is a place in a flash on the command line.
type offset int64

// UnmarshalText takes the offset from the command line.
func (o *offset) UnmarshalText(text []byte) error {
	n, ok := parseBytes(string(text))
	if !ok {
		return errors.New("no offset of a partition: give a multiple of 4096 as in the partition table, like 0x9000 or 36K")
	}
	*o = offset(n)
	return nil
}

// parseBytes parses a multiple of a sector, up to the size of a flash: decimal or
// with 0x, and with the unit k, K, m or M or none.
func parseBytes(text string) (int, bool) {
	digits, unit, base := text, 1, 10
	switch {
	case strings.HasSuffix(text, "K") || strings.HasSuffix(text, "k"):
		digits, unit = text[:len(text)-1], 1<<10
	case strings.HasSuffix(text, "M") || strings.HasSuffix(text, "m"):
		digits, unit = text[:len(text)-1], 1<<20
	}
	if len(digits) > 2 && strings.EqualFold(digits[:2], "0x") {
		digits, base = digits[2:], 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	if err != nil || n > uint64(nvsgen.MaxSize/unit) || int(n)*unit%nvs.SectorSize != 0 {
		return 0, false
	}
	return int(n) * unit, true
}

// SPDX-License-Identifier: Apache-2.0

package nvscmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/nvscheck"
)

// placeFlags say where in a file the partition is: --partition, or --offset and
// --size. Without them the partition is the whole file. A command may set another help
// for --size, by the tag set.
type placeFlags struct {
	Partition string  `placeholder:"NAME" help:"FILE is a dump of a whole flash: work on the partition with this NAME"`
	Offset    *offset `placeholder:"N" help:"FILE is a larger dump: work on the partition that begins N bytes behind its beginning"`
	Size      size    `placeholder:"N" help:"${size=the partition at --offset has N bytes; needless where a partition table says it}"`
}

// extent is where a partition lies in a file.
type extent struct {
	from, to int64
	// sure: the user or the partition table said where the partition ends.
	sure bool
}

// find returns the place of the partition in a file's contents.
func (p *placeFlags) find(name string, file []byte) (extent, error) {
	rows := nvscheck.Partitions(file)
	all := extent{0, int64(len(file)), false}
	switch {
	case p.Partition != "" && p.Offset != nil:
		return all, errors.New("both --partition and --offset are given: one says where the partition is")
	case p.Partition != "" && p.Size != 0:
		return all, errors.New("both --partition and --size are given: the partition table has the size")
	case p.Partition != "":
		if rows == nil {
			return all, fmt.Errorf("%s: there is no partition table in it that knows %s: give --offset and --size, or the whole file "+
				"if it is the partition's image", name, quoted(p.Partition))
		}
		for _, r := range rows {
			if r.Name == p.Partition {
				return extent{r.Offset, r.Offset + r.Size, true}, nil
			}
		}
		return all, fmt.Errorf("%s: there is no partition %s in it. %s", name, quoted(p.Partition), offer(rows))
	case p.Offset == nil && p.Size != 0 && int(p.Size) != len(file):
		return all, fmt.Errorf("%s: it has %d bytes, not %d: leave --size out, or give --offset too", name, len(file), p.Size)
	case p.Offset == nil:
		return all, nil
	}
	from := int64(*p.Offset)
	to := int64(len(file))
	if p.Size != 0 {
		to = from + int64(p.Size)
	} else {
		for _, r := range rows {
			if r.Offset == from {
				return extent{from, from + r.Size, true}, nil
			}
		}
		if rows != nil {
			return all, fmt.Errorf("%s: no partition begins at %#x. %s", name, from, offer(rows))
		}
	}
	if from >= int64(len(file)) || to > int64(len(file)) {
		return all, fmt.Errorf("%s: it has %d bytes (%#x), and the partition would be at %#x to %#x", name, len(file), len(file), from, to)
	}
	return extent{from, to, p.Size != 0}, nil
}

// offer lists the partitions that --partition can name.
func offer(rows []nvscheck.FlashPartition) string {
	var names []string
	for _, r := range rows {
		if r.IsNVS() {
			names = append(names, fmt.Sprintf("--partition %s (--offset %#x, %d bytes)", quoted(r.Name), r.Offset, r.Size))
		}
	}
	if names == nil {
		return "Its partition table has none of NVS"
	}
	return "Its partitions of NVS: " + strings.Join(names, ", ")
}

// refuse says why a part of a file is no image of a partition; nil: it is one. A
// device would erase what it does not know, but a user who names a wrong file wants
// to be told.
func (p extent) refuse(name string, file []byte, writing bool) error {
	part := file[p.from:p.to]
	l := nvscheck.Looks(part)
	if l.Kind == nvscheck.Larger && p.sure && nvscheck.Partitions(part) == nil {
		l.Kind = nvscheck.Partition
	}
	where := name
	if p.to-p.from < int64(len(file)) {
		where = fmt.Sprintf("%s at %#x", name, p.from)
	}
	text := where + ": no image of an NVS partition: it looks like " + l.What
	switch {
	case l.Kind == nvscheck.Larger && l.FirstPage >= 0:
		return fmt.Errorf("%s: if the partition begins there, add --offset %#x and its --size", text, p.from+l.FirstPage)
	case l.Kind == nvscheck.Larger:
		return fmt.Errorf("%s. %s", text, offer(nvscheck.Partitions(part)))
	case l.Kind == nvscheck.Other:
		return errors.New(text)
	case l.Kind == nvscheck.Damaged:
		return fmt.Errorf("%s: none of its pages can be read: espprov nvs check tells more. A device erases them and starts with "+
			"nothing; to do the same, make a new image", where)
	case writing && len(part)%nvs.SectorSize != 0:
		return fmt.Errorf("%s: %d bytes are no whole number of sectors of %d: it was cut off, or is no image of an NVS partition",
			where, len(part), nvs.SectorSize)
	}
	return nil
}

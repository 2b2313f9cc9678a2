// SPDX-License-Identifier: Apache-2.0

package nvscheck

import (
	"cmp"
	"slices"

	"github.com/wifiprov/wifiprov/internal/nvsfmt"
	"github.com/wifiprov/wifiprov/store"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// Severity says how bad a finding is.
type Severity uint8

// Severities. The zero value is none.
const (
	Info    Severity = iota + 1 // regular, and worth knowing
	Warning                     // irregular; nothing stored is lost
	Error                       // a value or the whole partition cannot be read
)

// String returns info, warning or error.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "unset"
}

// MarshalText is String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing found.
type Finding struct {
	Sector   int      `json:"sector"`   // -1: the partition as a whole
	Entry    int      `json:"entry"`    // 0 to 125; -1: the sector as a whole
	Offset   int64    `json:"offset"`   // of entry or sector in the image, in bytes; -1 for the partition
	Severity Severity `json:"severity"` // Info, Warning or Error
	Text     string   `json:"text"`     // what it is, how it comes about, what opening does about it
}

// Sector describes a sector as stored, before any repair.
type Sector struct {
	State   string `json:"state"`   // empty, active, full, freeing, or corrupt: neither page nor blank
	Seq     uint32 `json:"number"`  // sequence number; of a page only
	Version byte   `json:"version"` // of the format, 1 or 2; of a page only
	// Entries by their state in the bitmap, 126 in all; of a page only.
	Written int `json:"written"`
	Erased  int `json:"erased"`
	Empty   int `json:"empty"`
	Illegal int `json:"illegal"`
}

// Item is a valid value. Chunks of blobs and entries of the directory are not Items.
type Item struct {
	Namespace string     // empty unless Unnamed: no namespace leads to the item
	Unnamed   bool       // the namespace's name is empty, which no writer makes
	Key       string     // as stored; any bytes in a damaged partition
	Type      store.Type // blobs of both kinds are store.TypeBlob
	Old       bool       // a blob of format version 1, which ESP-IDF does not list
	Size      int        // bytes of the value, without a string's terminator
	Sector    int        // of the item, or of a blob's index
	Entry     int
}

// Report is the result of Check.
type Report struct {
	Sectors  []Sector
	Items    []Item    // oldest page first
	Findings []Finding // sorted by sector and entry; those of the whole partition first
	// Foreign is what the image looks like if it is no partition, see Looks.
	// Empty: it may be a partition.
	Foreign string
	// OpenError is the Code that nvs.Open fails with when it opens the
	// partition for writing; 0 if it opens. Nothing is repaired then.
	OpenError nvs.Code
	// Repairs says that nvs.Open changes the flash when it opens the partition
	// for writing.
	Repairs bool
}

// Worst returns the highest severity of the findings; 0 if there are none.
func (r *Report) Worst() Severity {
	worst := Severity(0)
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	return worst
}

// Irregular reports whether a finding is worse than Info.
func (r *Report) Irregular() bool { return r.Worst() > Info }

// Check explains an image, which it does not change or keep. keys is nil for a plain
// partition. The image may have any bytes; a report takes at most some hundred bytes for
// each 32 bytes of the image.
func Check(image []byte, keys *nvs.Keys) *Report {
	c := &checker{image: image, report: &Report{}}
	if keys != nil {
		cipher, err := nvsfmt.NewCipher(&keys.Data, &keys.Tweak)
		if err != nil {
			c.note(nil, -1, Error, just("the keys cannot be used: "+err.Error()))
		}
		c.cipher = cipher
	}
	c.run()
	slices.SortStableFunc(c.report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Sector, b.Sector), cmp.Compare(a.Entry, b.Entry))
	})
	return c.report
}

// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package nvs

import "github.com/wifiprov/wifiprov/internal/nvsfmt"

// index is none: see index.go.
type index struct{}

func (p *Partition) buildIndex()           {}
func (p *Partition) indexItem(*page, item) {}
func (p *Partition) unindexPage(*page)     {}
func (p *Partition) dropIndex()            {}

func (p *Partition) findIndexed(pos, byte, nvsfmt.Name, byte) (pos, bool, error) {
	return pos{}, false, nil
}

// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"bytes"
	"errors"
	"math/rand/v2"

	"github.com/wifiprov/wifiprov/store/nvs"
	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

const sector = nvs.SectorSize

// random returns an image that has something to lose everywhere.
func random(n int, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	image := make([]byte, n)
	for i := range image {
		image[i] = byte(rnd.Uint32()) | byte(rnd.Uint32())
	}
	return image
}

// naive returns base after n operations and the bytes from..to of the next:
// what Replay and PowerCut have to agree with, written without their code.
func naive(base []byte, ops []flash.Op, n int, from, to int64) []byte {
	image := bytes.Clone(base)
	one := func(op flash.Op, from, to int64) {
		for i := from; i < to; i++ {
			if op.Data == nil {
				image[op.Off+i] = 0xff
			} else {
				image[op.Off+i] &= op.Data[i]
			}
		}
	}
	for _, op := range ops[:n] {
		one(op, 0, op.Len)
	}
	if n < len(ops) {
		one(ops[n], max(from, 0), min(to, ops[n].Len))
	}
	return image
}

// workload returns operations that the contract allows on base.
func workload(base []byte, count int, block int64, seed uint64) []flash.Op {
	rnd := rand.New(rand.NewPCG(seed, 2))
	image := bytes.Clone(base)
	var ops []flash.Op
	for len(ops) < count {
		var op flash.Op
		if rnd.IntN(6) == 0 {
			blocks := int64(len(base)) / block
			start := rnd.Int64N(blocks)
			n := 1 + rnd.Int64N(min(blocks-start, 2*sector/block))
			op = flash.Erase(start*block, n*block)
		} else {
			off := rnd.IntN(len(base)/4) * 4
			n := min(4*(1+rnd.IntN(16)), sector-off%sector)
			data := bytes.Clone(image[off : off+n])
			for i := range data {
				data[i] &= byte(rnd.Uint32()) | byte(rnd.Uint32())
			}
			op = flash.Write(int64(off), data)
		}
		image = naive(image, []flash.Op{op}, 1, 0, 0)
		ops = append(ops, op)
	}
	return ops
}

// do calls the flash as an operation says.
func do(f nvs.Flash, op flash.Op) error {
	if op.IsErase() {
		return f.EraseBlocks(op.Off/f.EraseBlockSize(), op.Len/f.EraseBlockSize())
	}
	_, err := f.WriteAt(op.Data, op.Off)
	return err
}

// small is a strict flash with blocks smaller than a sector.
type small struct {
	*flash.Memory
	block int64
}

func (s small) EraseBlockSize() int64 { return s.block }

func (s small) EraseBlocks(start, length int64) error {
	if err := flash.CheckErase(s.Size(), s.block, start, length); err != nil {
		return err
	}
	copy(s.Bytes()[start*s.block:], bytes.Repeat([]byte{0xff}, int(length*s.block)))
	return nil
}

// synced is a flash that holds writes back.
type synced struct {
	*flash.Memory
	syncs int
	err   error
}

func (s *synced) Sync() error {
	s.syncs++
	return s.err
}

var errOwn = errors.New("own error")

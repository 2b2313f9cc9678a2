// SPDX-License-Identifier: Apache-2.0

package flash_test

import (
	"bytes"
	"testing"

	"github.com/wifiprov/wifiprov/store/nvs/flash"
)

// FuzzCuts decodes any bytes as operations, cuts and changes between the cuts,
// and compares Replay, PowerCut and Recorder with a simple reference.
func FuzzCuts(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 200, 9, 8, 7, 6}, []byte{0, 3, 0, 1, 7, 255})
	f.Add(random(200, 13), random(100, 14))
	f.Add([]byte{255, 0, 0, 0, 0, 1, 1, 1, 1, 1}, []byte{1, 0, 0, 0, 0, 16})
	base := random(3*sector, 15)
	f.Fuzz(func(t *testing.T, program, cuts []byte) {
		ops := decode(base, program)
		if len(ops) == 0 {
			return
		}
		rec := flash.NewRecorder(flash.FromBytes(bytes.Clone(base)))
		for _, op := range ops {
			if err := do(rec, op); err != nil {
				t.Fatal(err)
			}
		}
		replay := flash.NewReplay(base, rec.Ops())
		for ; len(cuts) >= 6; cuts = cuts[6:] {
			n := int(cuts[0]) % (len(ops) + 1)
			part := flash.Part{From: int64(cuts[1])<<8 | int64(cuts[2]), To: int64(cuts[3])<<8 | int64(cuts[4])}
			if n == len(ops) {
				part = flash.Part{}
			} else if !ops[n].IsErase() {
				part.From = 0
			}
			want := naive(base, ops, n, part.From, part.To)
			mem := replay.At(n, part)
			requireImage(t, want, mem.Bytes(), "Replay", n, part)
			requireImage(t, want, cutImage(t, base, ops, n, part), "PowerCut", n, part)
			switch c := cuts[5]; {
			case c < 100:
				_, _ = mem.WriteAt(make([]byte, 4), int64(c)*120)
			case c < 200:
				_ = mem.EraseBlocks(int64(c%3), 1)
			}
		}
	})
}

// decode returns operations that the contract allows on base, at most 64.
func decode(base, program []byte) []flash.Op {
	image := bytes.Clone(base)
	var ops []flash.Op
	for ; len(program) >= 5 && len(ops) < 64; program = program[5:] {
		var op flash.Op
		if program[0] >= 200 {
			start := int64(program[1] % 3)
			op = flash.Erase(start*sector, (1+int64(program[2])%(3-start))*sector)
		} else {
			off := (int(program[0])<<8 | int(program[1])) % (3 * sector / 4) * 4
			n := min(4+4*int(program[2]), sector-off%sector)
			data := bytes.Clone(image[off : off+n])
			for i := range data {
				data[i] &= program[3+i%2] ^ byte(i)
			}
			op = flash.Write(int64(off), data)
		}
		op.Apply(image, flash.First(op.Len))
		ops = append(ops, op)
	}
	return ops
}

// cutImage returns what a PowerCut leaves.
func cutImage(t *testing.T, base []byte, ops []flash.Op, n int, part flash.Part) []byte {
	mem := flash.FromBytes(bytes.Clone(base))
	cut := flash.NewPowerCut(mem)
	cut.Inside(n, part)
	for i, op := range ops {
		if err := do(cut, op); (err == nil) != (i < n) {
			t.Fatalf("operation %d with the cut in %d: %v", i, n, err)
		}
	}
	return mem.Bytes()
}

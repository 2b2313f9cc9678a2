// SPDX-License-Identifier: Apache-2.0

// Command generate writes the .pb.go files of package pb from the .proto files in
// its folder proto, and the descriptors that the package's tests read. "go
// generate" runs it. It needs no protoc, and is a module of its own for the sake
// of what it requires.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
)

// target is the folder of package pb.
const target = ".."

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	files, err := generate(context.Background(), filepath.Join(target, "proto"))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(target, f.name), f.content, 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

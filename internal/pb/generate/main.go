// Command generate writes the .pb.go files of package pb from the .proto
// files in folder proto. It is run by "go generate" in the package's folder
// and needs no protoc.
package main

import (
	"context"
	"log"
	"os"

	"github.com/wifiprov/wifiprov/internal/pb/internal/protosrc"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	files, err := protosrc.Generate(context.Background(), "proto")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(f.Name, []byte(f.Content), 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

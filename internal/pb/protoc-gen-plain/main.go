// Command protoc-gen-plain is a protoc plugin that generates the plain Go
// structs of package pb. "go generate" does not need it (see ../generate); it
// exists for use with protoc or buf.
package main

import (
	"google.golang.org/protobuf/compiler/protogen"

	"github.com/wifiprov/wifiprov/internal/pb/internal/plaingen"
)

func main() { protogen.Options{}.Run(plaingen.Generate) }

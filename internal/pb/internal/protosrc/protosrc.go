// Package protosrc compiles the .proto files of package pb, without protoc,
// and runs the plugin on the result.
package protosrc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/wifiprov/wifiprov/internal/pb/internal/plaingen"
)

// Compile compiles every .proto file in dir, which is also the import path,
// and returns them by name in alphabetical order.
func Compile(ctx context.Context, dir string) ([]protoreflect.FileDescriptor, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.proto"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no .proto files in %s", dir)
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = filepath.Base(p)
	}
	c := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{dir}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := c.Compile(ctx, names...)
	if err != nil {
		return nil, err
	}
	out := make([]protoreflect.FileDescriptor, len(files))
	for i, f := range files {
		out[i] = f
	}
	return out, nil
}

// Request builds what protoc would hand to a plugin to generate all files.
func Request(files []protoreflect.FileDescriptor) *pluginpb.CodeGeneratorRequest {
	req := &pluginpb.CodeGeneratorRequest{Parameter: proto.String("paths=source_relative")}
	seen := map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) { // imports before the files that import them
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		req.ProtoFile = append(req.ProtoFile, descriptorProto(f))
	}
	for _, f := range files {
		req.FileToGenerate = append(req.FileToGenerate, f.Path())
		add(f)
	}
	return req
}

// descriptorProto returns the descriptor message of f, comments included.
func descriptorProto(f protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	if w, ok := f.(interface {
		FileDescriptorProto() *descriptorpb.FileDescriptorProto
	}); ok { // a protocompile result, which has the comments
		return w.FileDescriptorProto()
	}
	return protodesc.ToFileDescriptorProto(f)
}

// A File is a generated Go file.
type File struct {
	Name    string
	Content string
}

// Generate compiles the .proto files in dir and returns the Go files that
// belong to them, by name in alphabetical order.
func Generate(ctx context.Context, dir string) ([]File, error) {
	files, err := Compile(ctx, dir)
	if err != nil {
		return nil, err
	}
	plugin, err := protogen.Options{}.New(Request(files))
	if err != nil {
		return nil, err
	}
	if err := plaingen.Generate(plugin); err != nil {
		return nil, err
	}
	resp := plugin.Response()
	if resp.Error != nil {
		return nil, errors.New(resp.GetError())
	}
	var out []File
	for _, f := range resp.File {
		out = append(out, File{Name: f.GetName(), Content: f.GetContent()})
	}
	slices.SortFunc(out, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

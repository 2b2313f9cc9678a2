// SPDX-License-Identifier: Apache-2.0

package main

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

	"github.com/wifiprov/wifiprov/internal/pb/generate/plaingen"
)

// descriptors is the file with the descriptors of all messages and enums.
const descriptors = "testdata/descriptors.binpb"

// compile compiles every .proto file in dir, which is also the import path,
// and returns them by name in alphabetical order.
func compile(ctx context.Context, dir string) ([]protoreflect.FileDescriptor, error) {
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

// request builds what protoc would hand to a plugin to generate all files.
func request(files []protoreflect.FileDescriptor) *pluginpb.CodeGeneratorRequest {
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

// file is a generated file of package pb.
type file struct {
	name    string
	content []byte
}

// generate compiles the .proto files in dir and returns what belongs to them: the
// Go files by name in alphabetical order, then the descriptors.
func generate(ctx context.Context, dir string) ([]file, error) {
	compiled, err := compile(ctx, dir)
	if err != nil {
		return nil, err
	}
	req := request(compiled)
	plugin, err := protogen.Options{}.New(req)
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
	var out []file
	for _, f := range resp.File {
		out = append(out, file{f.GetName(), []byte(f.GetContent())})
	}
	slices.SortFunc(out, func(a, b file) int { return cmp.Compare(a.name, b.name) })

	set := &descriptorpb.FileDescriptorSet{File: req.ProtoFile}
	for _, f := range set.File {
		f.SourceCodeInfo = nil
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	return append(out, file{descriptors, text}), err
}

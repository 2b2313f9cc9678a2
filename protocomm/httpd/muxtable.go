// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package httpd

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/wifiprov/wifiprov/protocomm"
)

// muxTable holds the handlers that are registered with one Mux, for good.
type muxTable struct {
	mu     sync.Mutex // guards routes
	routes map[string]*muxRoute
}

// muxRoute is the handler of one path.
type muxRoute struct {
	name  string
	front atomic.Pointer[muxFront] // that serves it, or nil
}

// muxTables finds the table of a Mux again, from one server to the next. A
// ServeMux is not kept alive by it.
var muxTables = struct {
	mu sync.Mutex
	of map[any]*muxTable
}{of: make(map[any]*muxTable)}

// tableOf returns the table of a Mux.
func tableOf(m Mux) (*muxTable, error) {
	v := reflect.ValueOf(m)
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil, protocomm.Fail("httpd: use a Mux", protocomm.ErrInvalidArg, "it is nil", nil)
	case !v.Comparable():
		return nil, protocomm.Fail("httpd: use a Mux", protocomm.ErrInvalidArg, "its value is not comparable; give a pointer", nil)
	}
	muxTables.mu.Lock()
	defer muxTables.mu.Unlock()
	var key any = m
	std, isStd := m.(*http.ServeMux)
	if isStd {
		key = weak.Make(std)
	}
	table := muxTables.of[key]
	if table == nil {
		table = &muxTable{routes: make(map[string]*muxRoute)}
		muxTables.of[key] = table
		if isStd {
			runtime.AddCleanup(std, forgetMux, key)
		}
	}
	return table, nil
}

func forgetMux(key any) {
	muxTables.mu.Lock()
	defer muxTables.mu.Unlock()
	delete(muxTables.of, key)
}

// attach makes a front serve an endpoint's path.
func (t *muxTable) attach(name string, f *muxFront) error {
	const op = "httpd: serve an endpoint"
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.routes[name]
	if r == nil {
		r = &muxRoute{name: name}
		if err := register(f.mux, name, r); err != nil {
			return err
		}
		t.routes[name] = r
	}
	if !r.front.CompareAndSwap(nil, f) && r.front.Load() != f {
		return protocomm.Fail(op, protocomm.ErrNotSupported, "the path /"+name+" belongs to another running server", nil)
	}
	return nil
}

// detach makes a path answer 404 again, if it belongs to that front.
func (t *muxTable) detach(name string, f *muxFront) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.routes[name]; r != nil {
		r.front.CompareAndSwap(f, nil)
	}
}

// detachAll is detach for all paths.
func (t *muxTable) detachAll(f *muxFront) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.routes {
		r.front.CompareAndSwap(f, nil)
	}
}

// register adds the path of an endpoint to a Mux. Patterns have a syntax of
// their own, in which the name stands escaped.
func register(m Mux, name string, h http.Handler) (err error) {
	const op = "httpd: serve an endpoint"
	if p := "/" + name; path.Clean(p) != p || strings.Contains(name, "%") {
		return protocomm.Fail(op, protocomm.ErrInvalidArg, "its name "+name+" cannot be a path of an http.ServeMux", nil)
	}
	segments := strings.Split(name, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	defer func() {
		if p := recover(); p != nil { // so a ServeMux says that the path is taken
			err = protocomm.Fail(op, protocomm.ErrFail, "the Mux refused the path: "+fmt.Sprint(p), nil)
		}
	}()
	m.Handle("/"+strings.Join(segments, "/"), h)
	return nil
}

// ServeHTTP implements http.Handler.
func (r *muxRoute) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f := r.front.Load()
	if f == nil || !f.begin() {
		refuse(w, 404)
		return
	}
	defer f.end()
	f.serve(w, req, r.name)
}

// SPDX-License-Identifier: Apache-2.0

package scheme_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/scheme"
)

// direct is a scheme whose clients are in the same program: they call the instance.
type direct struct{ pc *protocomm.Protocomm }

func (d *direct) NewService() (scheme.Service, error) { return d, nil }
func (d *direct) WiFiMode() hal.Mode                  { return hal.ModeSTA }
func (d *direct) SetEndpoint(string, uint16) error    { return nil }
func (d *direct) SetService(_, _ string) error        { return nil }
func (d *direct) Start(pc *protocomm.Protocomm) error { d.pc = pc; return nil }
func (d *direct) Stop() error                         { d.pc = nil; return nil }
func (d *direct) Close()                              {}
func (d *direct) ask(name, req string) ([]byte, error) {
	return d.pc.Handle(nil, name, protocomm.NoSession, []byte(req))
}

// A scheme of one's own. Give it to wifiprov.Config.Scheme, and hold it to its
// contract with package schemetest.
func Example() {
	d := &direct{}
	var s scheme.Scheme = d
	service, _ := s.NewService()
	pc := protocomm.New(protocomm.Config{})
	pc.SetVersion("proto-ver", "v1.1")
	service.Start(pc)
	answer, err := d.ask("proto-ver", "")
	fmt.Println(string(answer), err)
	// Output: v1.1 <nil>
}

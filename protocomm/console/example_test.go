// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"fmt"
	"strings"

	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/protocomm/console"
	"github.com/wifiprov/wifiprov/security/sec0"
)

// An instance is served on a line, here a text that was prepared.
func Example() {
	pc := protocomm.New(protocomm.Config{})
	defer pc.Close()
	pc.SetSecurity("prov-session", sec0.New())
	pc.SetVersion("proto-ver", "v1.1")
	pc.AddEndpoint("custom-data", func(_ protocomm.SessionID, req []byte) ([]byte, error) {
		return []byte(strings.ToUpper(string(req))), nil
	})

	typed := strings.NewReader("proto-ver 0 455350\rcustom-data 0 6869\rcustom-data zero 6869\r")
	server := console.New(console.Config{Stream: readWriter{typed}})
	if err := server.Start(pc); err != nil {
		fmt.Println(err)
		return
	}
	server.Wait() // for the end of the text
	server.Stop(pc)
	// Output:
	// >> proto-ver 0 455350
	//
	// 76312e31
	//
	// >> custom-data 0 6869
	//
	// 4849
	//
	// >> custom-data zero 6869
	//
	// >>
}

// readWriter reads from a text and writes to the terminal.
type readWriter struct{ *strings.Reader }

func (readWriter) Write(p []byte) (int, error) {
	fmt.Print(strings.ReplaceAll(string(p), "\r", ""))
	return len(p), nil
}

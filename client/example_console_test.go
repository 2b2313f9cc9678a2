// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/wifiprov/wifiprov/client"
)

// A person carries a question to the device's console and types what the device
// answered.
func ExampleRelay() {
	keyboard := strings.NewReader("76312e31\n") // os.Stdin

	relay := client.NewRelay(keyboard, os.Stdout)
	defer relay.Close()
	answer, err := relay.Do(context.Background(), "proto-ver", []byte("ESP"))
	fmt.Printf("(typed)\nthe device says %s, %v\n", answer, err)
	// Output:
	// Client->Device msg : proto-ver 0 455350
	// Device->Client answer, in hex : (typed)
	// the device says v1.1, <nil>
}

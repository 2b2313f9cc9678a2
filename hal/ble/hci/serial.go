// SPDX-License-Identifier: Apache-2.0

package hci

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.bug.st/serial"
)

// defaultBaud is the speed of most controllers after they were switched on.
const defaultBaud = 115200

// openSerial opens the serial line PATH or PATH?baud=N.
func openSerial(address string) (io.ReadWriteCloser, error) {
	path, options, has := strings.Cut(address, "?")
	baud := defaultBaud
	if has {
		n, is := strings.CutPrefix(options, "baud=")
		var err error
		if baud, err = strconv.Atoi(n); !is || err != nil || baud <= 0 {
			return nil, fmt.Errorf("want serial:DEVICE?baud=N with N in bits a second")
		}
	}
	if path == "" {
		return nil, fmt.Errorf("want serial:DEVICE, serial:/dev/ttyUSB0")
	}
	port, err := serial.Open(path, &serial.Mode{BaudRate: baud})
	if err != nil {
		return nil, err
	}
	_ = port.ResetInputBuffer() // what the line brought before, such as a boot log
	return port, nil
}

// SPDX-License-Identifier: Apache-2.0

// Package sdnotify tells systemd how a service is doing, as sd_notify(3) does.
package sdnotify

import (
	"net"
	"os"
	"strings"
)

// Messages.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
)

// Status is a message with a text for systemctl status.
func Status(text string) string {
	return "STATUS=" + strings.ReplaceAll(text, "\n", " ")
}

// Send sends messages. Without systemd, which is without the variable NOTIFY_SOCKET, it
// does nothing.
func Send(messages ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(strings.Join(messages, "\n")))
	return err
}

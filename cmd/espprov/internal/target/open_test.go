// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

// The exit status says whether another try may help.
func TestFailure(t *testing.T) {
	require.NoError(t, Failure(nil))
	for status, list := range map[int][]error{
		cli.AnsweredNo: {
			client.ErrPoP, client.ErrPassword, client.ErrConnectionFailed, client.ErrAuth, client.ErrNetworkNotFound,
			client.ErrNoEndpoint, client.ErrDowngrade, client.ErrSecurity, client.ErrRefused,
			&client.StatusError{Code: client.StatusInternalError},
			fmt.Errorf("%w: %w", client.ErrPoP, client.ErrUnreachable), // the device has answered
			cli.No("there is none"),
		},
		cli.TryAgain: {
			client.ErrUnreachable, client.ErrNoDevice, client.ErrNoAnswer, client.ErrHungUp, client.ErrTimeout, client.ErrBadAnswer,
			client.ErrClosed, client.ErrSessionLost, io.ErrUnexpectedEOF, context.DeadlineExceeded,
			fmt.Errorf("%w: %w", client.ErrRefused, client.ErrNoAnswer), fmt.Errorf("%w: %w", client.ErrRefused, client.ErrUnreachable),
			&cli.Failure{Status: cli.TryAgain, Err: errors.New("no line")},
		},
		cli.NotDone: {client.ErrCredentials, client.ErrUsername, client.ErrEmptyBody, context.Canceled, errors.New("else")},
	} {
		for _, err := range list {
			got := Failure(&client.Error{Op: "scan", Endpoint: "prov-scan", Err: err, Hint: "look"})
			require.Equal(t, status, cli.StatusOf(got), "%v", err)
			require.Contains(t, got.Error(), "scan: prov-scan: ")
		}
	}
	interrupted := Failure(fmt.Errorf("scan: %w", context.Canceled))
	require.ErrorIs(t, interrupted, context.Canceled, "package cli tells it")
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"client: scan: no session: call Connect first":                                                         "scan: no session: call Connect first", // no command does it
		"client: scan: prov-scan: session lost: call Connect again":                                            "scan: prov-scan: session lost",
		"client: scan: closed (call Connect again)":                                                            "scan: closed",
		"client: scan: prov-scan: boom (call Connect to start over)":                                           "scan: prov-scan: boom",
		"client: custom: x: device has no such endpoint (check its name; call Connect to go on)":               "custom: x: device has no such endpoint (check its name)",
		"x: it announces no security, and Config has a PoP (y, set Config.Security to Security0)":              "x: it announces no security, and the command line has a PoP (y, give --security 0)",
		"it announces security 1, and Config has a user name and password (y, set Config.PoP to the device's)": "it announces security 1, and the command line has a user name and password (y, give --pop with the device's)",
	} {
		require.Equal(t, want, Words(errors.New(text)))
	}
}

// No advice of package client names what only programs have.
func TestWordsOfAllAdvice(t *testing.T) {
	forPrograms := regexp.MustCompile(`\b(Config|Connect|Console|Reset|Reprovision)\b`)
	advice := regexp.MustCompile(`"(set|name|call|open|check|the device|it may|, and) [^"\n]*"`)
	files, err := filepath.Glob("../../../../client/*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, text := range advice.FindAllString(string(source), -1) {
			if forPrograms.MatchString(text) {
				found++
				text = fmt.Sprintf("x (%s)", strings.Trim(text, `"`))
				require.NotRegexp(t, forPrograms, Words(errors.New(text)), file)
			}
		}
	}
	require.Greater(t, found, 12)
}

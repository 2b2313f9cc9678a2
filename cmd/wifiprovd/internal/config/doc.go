// SPDX-License-Identifier: Apache-2.0

// Package config reads the configuration of wifiprovd: YAML whose keys are all optional and
// all known. An error is one line that names the file, the line, and what is allowed there.
package config

// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/internal/batch"
)

// read returns the devices of a table, and the errors of its rows.
func read(t *testing.T, text string, cfg batch.InputConfig) (devices []*batch.Device, wrong []string, unknown []string, err error) {
	t.Helper()
	cfg.File = "devices.csv"
	in, err := batch.Open(strings.NewReader(text), cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	for {
		d, err := in.Next()
		var row *batch.RowError
		switch {
		case errors.Is(err, io.EOF):
			return devices, wrong, in.Unknown(), nil
		case errors.As(err, &row):
			wrong = append(wrong, err.Error())
		case err != nil:
			return devices, wrong, in.Unknown(), err
		default:
			devices = append(devices, d)
		}
	}
}

func one(t *testing.T, text string, cfg batch.InputConfig) *batch.Device {
	t.Helper()
	devices, wrong, _, err := read(t, text, cfg)
	require.NoError(t, err)
	require.Empty(t, wrong)
	require.Len(t, devices, 1)
	return devices[0]
}

// Tables of all forms say the same.
func TestForms(t *testing.T) {
	want := &batch.Device{Row: 2, Name: "PROV_1", Address: "10.0.0.1", Transport: "softap", PoP: "ab,cd", SSID: "Home", Passphrase: "correct horse",
		Fields: []batch.Field{{Name: "Serial", Value: "7"}}}
	for name, text := range map[string]string{
		"csv":        "name,address,pop,ssid,passphrase,Serial\nPROV_1,10.0.0.1,\"ab,cd\",Home,correct horse,7\n",
		"bom":        "\ufeffname,address,pop,ssid,passphrase,Serial\nPROV_1,10.0.0.1,\"ab,cd\",Home,correct horse,7\n,,,,,\n",
		"semicolons": "Name;ADDRESS; pop ;ssid;passphrase;Serial\r\nPROV_1;10.0.0.1;ab,cd;Home;correct horse;7\r\n",
		"tabs":       "name\taddress\tpop\tssid\tpassphrase\tSerial\n PROV_1 \t10.0.0.1\tab,cd\tHome\tcorrect horse\t7",
		"json":       "\n" + `{"name":"PROV_1","address":"10.0.0.1","pop":"ab,cd","ssid":"Home","passphrase":"correct horse","Serial":7}` + "\n\n",
	} {
		if name == "json" {
			text = text[1:]
			want.Row = 1
		} else {
			want.Row = 2
		}
		require.Equal(t, want, one(t, text, batch.InputConfig{}), name)
	}
}

// Each error names file, row and column, and what to do; none shows a cell.
func TestWrongRows(t *testing.T) {
	const head = "name,address,transport,security,pop,username,password,ssid,passphrase,mac,qr\n"
	for cells, want := range map[string]string{
		",,,,,,,Home,,,":                             "address: a softap device needs one: fill the column in, or give --address with a {column}",
		"s3cret,,,,,,,,,,":                           "address: a softap device needs one: fill the column in, or give --address with a {column}",
		"s3cret,a,,,,,,,,,":                          "ssid: it is empty: name the network in the column or with --ssid",
		",,ble,,,,,Home,,,":                          "name: it is empty: fill in the column, or give --name with a {column}",
		"p,a,ble,,,,,Home,,,":                        "address: a ble device is found by its name: leave the address out",
		"p,a,s3cret,,,,,Home,,,":                     "transport: it is softap, ble or console",
		"p,a,,s3cret,,,,Home,,,":                     "security: it is 0, 1, 2 or auto",
		"p,a,,2,s3cret,,,Home,,,":                    "pop: security 2 has a username and a password: move the pop to column password",
		"p,a,,0,s3cret,,,Home,,,":                    "pop: security 0 has none: leave it out, or set security 1",
		"p,a,,1,,u,s3cret,Home,,,":                   "password: it is for security 2: leave it out, or set that",
		"p,a,,,,,s3cret,Home,,,":                     "username: it is empty: security 2 needs user name and password",
		"p,a,,,,u,,Home,,,":                          "password: it is empty: security 2 needs user name and password",
		"p,a,,2,,,,Home,,,":                          "username: it is empty: security 2 needs user name and password",
		"p,a,,,,,,Home,,s3cret,":                     "mac: it is no address of six bytes: write 24:6F:28:AA:BB:CC",
		"p,a,,,,,,Home,,,s3cret":                     "qr: the text is no device's: it begins neither with { nor with NP:",
		"p,a,,,,,,Home,,,NP:q|s3cret|s":              "qr: it says something else than column name: correct one of the two",
		"p,a,,,env:S3CRET,,,Home,,,":                 "pop: env: names no variable of the environment; if this is the secret itself, write text: before it",
		"p,a,,,file:s3cret,,,Home,,,":                "pop: file: names a file that cannot be opened; if this is the secret itself, write text: before it",
		"p,a,,,,,,Home," + fill("s3cret", 70) + ",,": "passphrase: it has 70 bytes, and at most 63 are allowed, or a key of 64 hexadecimal digits",
		"p,a,,,,,," + fill("s3cret", 33) + ",,,":     "ssid: it has 33 bytes, and at most 32 are allowed",
		fill("s3cret", 33) + ",a,,,,,,Home,,,":       "name: it has 33 bytes, and at most 32 are allowed",
		"p\x01,a,,,,,,Home,,,":                       "name: it has control characters: remove them",
		"p,a,,,,,,H\xe9,,,":                          "ssid: it is no UTF-8 text: save the table as CSV UTF-8",
		"p,a":                                        `it has 2 cells, and the first row has 11: quote cells that contain the separator ','`,
		`p,a,,,s3"cret,,,Home,,,`:                    `a quote is in the wrong place: put the whole cell in quotes, and write "" for a quote in it`,
	} {
		devices, wrong, _, err := read(t, head+cells+"\nq,b,,,,,,Home,,,\n", batch.InputConfig{})
		require.NoError(t, err)
		require.Equal(t, []string{"devices.csv:2: " + want}, wrong, cells)
		require.Len(t, devices, 1, "the next row is read")
		require.NotContains(t, strings.ToLower(wrong[0]), "s3cret")
	}
}

func fill(text string, n int) string { return strings.Repeat(text, n)[:n] }

// Tables that no row of can be read.
func TestWrongTables(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "devices.csv: it is empty: the first row names the columns, for example name,pop,ssid,passphrase",
		"\ufeff":              "devices.csv: it is empty: the first row names the columns, for example name,pop,ssid,passphrase",
		"name,,pop\n":         "devices.csv:1: column 2 has no name: give it one, or remove it",
		"name,pop,Name\n":     `devices.csv:1: column "name" is there twice: remove one`,
		"name,passphrse\n":    `devices.csv:1: column "passphrse" is not known; is it passphrase? Give it that name, or quite another one if it is data of yours (known are ` + batch.Columns() + ")",
		"name,Wi-Fi_Pass\n":   `devices.csv:1: column "Wi-Fi_Pass" is not known; is it passphrase? Give it that name, or quite another one if it is data of yours (known are ` + batch.Columns() + ")",
		"adress,pop\n":        `devices.csv:1: column "adress" is not known; is it address? Give it that name, or quite another one if it is data of yours (known are ` + batch.Columns() + ")",
		"n\x00a\x00m\x00e\n":  "devices.csv:1: this is no UTF-8 text: save the table as CSV UTF-8",
		"\xff\xfen\x00a\x00":  "devices.csv:1: this is no UTF-8 text: save the table as CSV UTF-8",
		"name,\"po\np\n1,2\n": "devices.csv:1: a quote is in the wrong place",
	} {
		_, _, _, err := read(t, text, batch.InputConfig{})
		require.EqualError(t, err, want, text)
	}
	_, _, _, err := read(t, "name,pop\n1,\""+strings.Repeat("x\n", 1<<20), batch.InputConfig{})
	require.EqualError(t, err, "devices.csv: a row has more than 1048576 bytes: is a quote missing?")
	_, _, _, err = read(t, "{\"name\":\""+strings.Repeat("x", 1<<21), batch.InputConfig{})
	require.EqualError(t, err, "devices.csv:1: the line has more than 1048576 bytes")
}

func TestWrongObjects(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":["s3cret"]}`:          "a member has a list or an object for its value: give a text or a number",
		`{"name":"s3cret"`:             `this is no JSON object: write one object a line, such as {"name":"PROV_1","pop":"abcd1234"}`,
		`{"name" "s3cret"}`:            `this is no JSON object: write one object a line, such as {"name":"PROV_1","pop":"abcd1234"}`,
		`{"name":"s3cret"} {}`:         `something follows the object: write one object a line, such as {"name":"PROV_1","pop":"abcd1234"}`,
		`["s3cret"]`:                   `this is no JSON object: write one object a line, such as {"name":"PROV_1","pop":"abcd1234"}`,
		`{"name":"p","passprase":"x"}`: `column "passprase" is not known; is it passphrase? Give it that name, or quite another one if it is data of yours (known are ` + batch.Columns() + ")",
	} {
		good := `{"name":"q","address":"b","ssid":"Home"}` + "\n"
		devices, wrong, _, err := read(t, good+text+"\n", batch.InputConfig{})
		require.NoError(t, err)
		require.Equal(t, []string{"devices.csv:2: " + want}, wrong, text)
		require.Len(t, devices, 1)
	}
}

// A device is in one row only, however the row calls it.
func TestTwice(t *testing.T) {
	_, wrong, _, err := read(t, "name,address,mac\np,10.0.0.1,246f28aabbcc\nq,http://10.0.0.1:80/,\np,10.0.0.2,\nr,c,24-6F-28-AA-BB-CC\np,10.0.0.1,246f28aabbcc\n",
		batch.InputConfig{Templates: map[string]string{"ssid": "Home"}})
	require.NoError(t, err)
	require.Equal(t, []string{
		"devices.csv:3: address: row 2 has the same: a device is in one row only",
		"devices.csv:4: name: row 2 has the same: a device is in one row only",
		"devices.csv:5: mac: row 2 has the same: a device is in one row only",
		"devices.csv:6: name: row 2 has the same: a device is in one row only",
	}, wrong)
}

// QR codes of both forms fill in what the other columns leave out.
func TestQRColumn(t *testing.T) {
	cfg := batch.InputConfig{Templates: map[string]string{"ssid": "Home", "address": "http://{name}.local"}}
	d := one(t, `{"qr":"{\"ver\":\"v1\",\"name\":\"LAMP\",\"username\":\"u\",\"pop\":\"p\",\"transport\":\"softap\",\"security\":2,\"password\":\"theirs12\"}"}`, cfg)
	require.Equal(t, &batch.Device{Row: 1, Name: "LAMP", Address: "http://LAMP.local", Transport: "softap", Security: client.Security2,
		Username: "u", Password: "p", SSID: "Home", Key: "theirs12"}, d)
	d = one(t, `{"qr":"NP:LAMP|p|b"}`, batch.InputConfig{Templates: map[string]string{"ssid": "Home"}})
	require.Equal(t, client.Config{PoP: "p", Username: "wifiprov", Password: "p"}, d.Config())
	d = one(t, `{"qr":"NP:LAMP||b"}`, batch.InputConfig{Templates: map[string]string{"ssid": "Home"}})
	require.Equal(t, client.Config{}, d.Config())
}

// Templates fill in empty cells, with other cells in them.
func TestTemplates(t *testing.T) {
	cfg := batch.InputConfig{Templates: map[string]string{
		"name": "PROV_{Serial}", "address": "http://10.0.0.{host}/{{{name}}", "ssid": "Home", "pop": "{serial}-{lot}",
	}}
	const head = "name,serial,lot,host\n"
	d := one(t, head+",7,L,1\n", cfg)
	require.Equal(t, "PROV_7", d.Name)
	require.Equal(t, "http://10.0.0.1/{PROV_7}", d.Address)
	require.Equal(t, "7-L", string(d.PoP))
	require.Equal(t, "X", one(t, head+"X,7,L,1\n", cfg).Name)

	_, wrong, _, err := read(t, head+",,L,1\n", cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"devices.csv:2: {serial}: the cell is empty, and --name needs it"}, wrong)
	_, wrong, _, err = read(t, `{"serial":1}`, cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"devices.csv:1: {host}: the row has no such column, and --address needs it"}, wrong)

	for column, c := range map[string][2]string{
		"name":     {"PROV_{sreial}", "--name: there is no column {sreial}; the columns are name, serial, lot, host"},
		"ssid":     {"Home{", "--ssid: a { has no }: write {column}, or {{ for the character"},
		"address":  {"http://{pop}", "--address: {pop} is a secret, and address is shown: take another column"},
		"password": {"a{s3cret}b", "--password: there is no column of the name in its braces; the columns are name, serial, lot, host"},
		"pop":      {"{pop}", "--pop: it is the column itself: take another one"},
	} {
		_, _, _, err := read(t, head, batch.InputConfig{Templates: map[string]string{column: c[0]}})
		require.EqualError(t, err, c[1])
	}
}

// Secrets may stand in the environment and in files beside the table.
func TestSecretsByReference(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("WIFI", "correct horse")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pop.txt"), []byte("abcd1234\r\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty.txt"), []byte("\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "long.txt"), make([]byte, 5000), 0o600))
	const head = "name,address,ssid,passphrase,pop\n"
	d := one(t, head+"p,a,Home,env:WIFI,file:pop.txt\n", batch.InputConfig{Dir: dir})
	require.Equal(t, "correct horse", string(d.Passphrase))
	require.Equal(t, "abcd1234", string(d.PoP))
	d = one(t, head+"p,a,Home,text:env:WIFI,text:\n", batch.InputConfig{Dir: dir, Templates: map[string]string{"pop": "other"}})
	require.Equal(t, "env:WIFI", string(d.Passphrase))
	require.Empty(t, d.PoP, "text: alone is no secret at all")
	d = one(t, head+"p,a,Home, spaces are part of it ,\n", batch.InputConfig{Templates: map[string]string{"pop": "file:" + filepath.Join(dir, "{name}op.txt")}})
	require.Equal(t, " spaces are part of it ", string(d.Passphrase))
	require.Equal(t, "abcd1234", string(d.PoP))
	for cell, want := range map[string]string{"empty.txt": "that is empty", "long.txt": "of more than 4096 bytes", ".": "that cannot be read"} {
		_, wrong, _, err := read(t, head+"p,a,Home,,file:"+cell+"\n", batch.InputConfig{Dir: dir})
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprintf("devices.csv:2: pop: file: names a file %s; if this is the secret itself, write text: before it", want)}, wrong)
	}
}

// Columns of the operator's are told, also those that only later rows have.
func TestUnknown(t *testing.T) {
	_, _, unknown, err := read(t, `{"name":"p","address":"a","ssid":"Home","lot":1}`+"\n"+`{"name":"q","address":"b","ssid":"Home","po":2}`, batch.InputConfig{})
	require.NoError(t, err)
	require.Equal(t, []string{"lot", "po"}, unknown)
}

// No table makes the reader panic, and errors show nothing of its secrets.
func FuzzInput(f *testing.F) {
	f.Add("name,pop,qr\nPROV_1,abcd,NP:a|b|s\n")
	f.Add(`{"name":"PROV_1","pop":"{"}`)
	f.Add("a;b\n\"\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := batch.Open(strings.NewReader(text), batch.InputConfig{File: "f", Templates: map[string]string{"name": "{serial}"}})
		if err != nil {
			return
		}
		for range 1000 {
			_, err := in.Next()
			var row *batch.RowError
			if err != nil && !errors.As(err, &row) {
				return
			}
		}
	})
}

// Names of columns come from strangers, and go to terminals.
func TestColumnNamesAreEscaped(t *testing.T) {
	_, wrong, _, err := read(t, "name,address,ssid,a\x1b[2J\np,a,Home,\xff\n", batch.InputConfig{})
	require.NoError(t, err)
	require.Len(t, wrong, 1)
	require.NotContains(t, wrong[0], "\x1b")
}

// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/client"
	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

type apConfig = sim.APConfig

var wrong = client.Credentials{SSID: simdevice.Home.SSID, Passphrase: "wrong horse"}

// The life of a device, as its API tells it.
func TestLife(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		state := func() State { return must[Device](r, "GET", "/v1/devices/PROV_1", "").State }
		require.Equal(t, Waiting, state())
		require.Error(t, r.provision("PROV_1", wrong))
		require.Equal(t, Failed, state())
		require.True(t, must[Device](r, "POST", "/v1/devices/PROV_1/factory-reset", "").On)
		synctest.Wait()
		require.Equal(t, Waiting, state())
		require.NoError(t, r.provision("PROV_1", simdevice.Right))
		time.Sleep(time.Minute)
		d := must[details](r, "GET", "/v1/devices/PROV_1", "")
		require.Equal(t, Connected, d.State)
		require.Equal(t, "192.168.1.77", d.IP)
		require.Equal(t, "HomeNet", d.Network)
		require.True(t, d.Provisioned)
		require.False(t, d.Serving)
		require.Equal(t, "PROV_END", d.Last.Name)
		require.Equal(t, Off, must[Device](r, "POST", "/v1/devices/PROV_1/power-off", "{}").State)
		require.Equal(t, Off, must[Device](r, "POST", "/v1/devices/PROV_1/power-off", "").State)
		require.Equal(t, "simdevice: the device has no power", r.refused(409, "POST", "/v1/devices/PROV_1/reboot", ""))
		require.Equal(t, Starting, must[Device](r, "POST", "/v1/devices/PROV_1/power-on", "").State)
		require.Equal(t, "simdevice: the device has power already", r.refused(409, "POST", "/v1/devices/PROV_1/power-on", ""))
		time.Sleep(time.Minute)
		require.Equal(t, Connected, state())
		require.Equal(t, Starting, must[Device](r, "POST", "/v1/devices/PROV_1/reboot", "").State)
		time.Sleep(time.Minute)
		require.Equal(t, 1, must[kicked](r, "POST", "/v1/networks/HomeNet/kick", `{"reason": 200}`).Stations)
		require.Equal(t, 0, must[kicked](r, "POST", "/v1/networks/HomeNet/kick", "").Stations)
		synctest.Wait()
		require.Equal(t, Lost, state())
		require.Equal(t, "STA_DISCONNECTED beacon lost (200)", lastEvent(r, "PROV_1"))
	})
}

// details is what tests look at of deviceDetails.
type details struct {
	Device
	MAC, Username, PoP, QR string
	Provisioned            bool
	Events                 []Event
}

func lastEvent(r *rig, name string) string {
	e := must[Device](r, "GET", "/v1/devices/"+name, "").Last
	return e.Name + " " + e.Detail
}

func TestList(t *testing.T) {
	var many []simdevice.Config
	for i := range 250 {
		many = append(many, simdevice.Config{Name: fmt.Sprintf("PROV_%03d", i)})
	}
	many[7].Name = "x y/<z>"
	bubble(t, many, Config{}, func(t *testing.T, r *rig) {
		all := must[devices](r, "GET", "/v1/devices", "")
		require.Len(t, all.Devices, 100)
		require.Equal(t, 250, all.Total)
		part := must[devices](r, "GET", "/v1/devices?prefix=PROV_1&state=waiting&offset=95&limit=50", "")
		require.Equal(t, 100, part.Total)
		require.Equal(t, 95, part.Offset)
		require.Len(t, part.Devices, 5)
		require.Equal(t, "PROV_195", part.Devices[0].Name)
		require.Empty(t, must[devices](r, "GET", "/v1/devices?offset=1000", "").Devices)
		require.Equal(t, "x y/<z>", must[Device](r, "GET", "/v1/devices/x%20y%2f%3Cz%3E", "").Name)
		require.Zero(t, must[devices](r, "GET", "/v1/devices?state=off", "").Total)
		summary := must[fleetSummary](r, "GET", "/v1/fleet", "")
		require.Equal(t, 250, summary.Devices)
		require.Equal(t, 250, summary.States[Waiting])
		require.Equal(t, uint64(1000), summary.Position) // POWER_ON, PROV_INIT, STA_START, PROV_START of each
		for target, want := range map[string]string{
			"/v1/devices?state=on":         `there is no state "on"; take one of off, starting, waiting, connecting, failed, connected, lost, idle`,
			"/v1/devices?limit=1001":       `limit is "1001"; it has to be a number from 0 to 1000`,
			"/v1/devices?offset=-1":        `offset is "-1"; it has to be a number from 0 to 2147483647`,
			"/v1/devices?name=a":           `there is no parameter "name"; /openapi.json lists those that there are`,
			"/v1/devices?limit=1&limit=2":  `limit is there 2 times; give it once`,
			"/v1/devices/PROV_000?state=a": `there is no parameter "state"; /openapi.json lists those that there are`,
		} {
			require.Equal(t, want, r.refused(400, "GET", target, ""))
		}
		require.Equal(t, `there is no device "PROV_9"; GET /v1/devices lists them`, r.refused(404, "GET", "/v1/devices/PROV_9", ""))
	})
}

func TestInspect(t *testing.T) {
	for _, secrets := range []bool{false, true} {
		bubble(t, three, Config{ShowSecrets: secrets, Address: func(name string) string {
			if name == "OTHER_3" {
				return "/dev/pts/3"
			}
			return ""
		}}, func(t *testing.T, r *rig) {
			for _, name := range []string{"PROV_1", "PROV_2"} {
				require.NoError(t, r.provision(name, simdevice.Right))
			}
			d := must[details](r, "GET", "/v1/devices/PROV_2", "")
			require.Equal(t, "Bluetooth PROV_2", d.Address)
			require.Equal(t, 2, d.Security)
			require.Equal(t, "user", d.Username)
			require.Equal(t, "password1", d.PoP)
			require.NotEmpty(t, d.MAC)
			require.JSONEq(t, `{"ver":"v1","name":"PROV_2","username":"user","pop":"password1","transport":"ble","security":2,"network":"wifi"}`, d.QR)
			require.Equal(t, "POWER_ON", d.Events[0].Name)
			require.Equal(t, "http://192.168.4.1:80", must[Device](r, "GET", "/v1/devices/PROV_1", "").Address)
			require.Equal(t, "/dev/pts/3", must[Device](r, "GET", "/v1/devices/OTHER_3", "").Address)

			body := r.ask("GET", "/v1/devices/PROV_2", "").Body.String()
			require.Contains(t, body, `"sec2":{"msg":"COMMAND0","sc0":{"client_username":"user"`)
			passphrase := "[hidden]"
			if secrets {
				passphrase = string(simdevice.Right.Passphrase)
			}
			require.Contains(t, body, `"request":{"msg":"CMD_SET_CONFIG","cmd_set_config":{"ssid":"HomeNet","passphrase":"`+passphrase+`"}}`)
			require.Equal(t, passphrase, must[Network](r, "GET", "/v1/networks/HomeNet", "").Passphrase)
			for _, target := range []string{"/v1/devices/PROV_2", "/v1/devices", "/v1/networks", "/v1/events?limit=1000", "/metrics", "/v1/fleet"} {
				require.Equal(t, secrets && strings.Contains(target, "2") || secrets && strings.Contains(target, "networks") || secrets && strings.Contains(target, "events"),
					strings.Contains(r.ask("GET", target, "").Body.String(), "correct horse"), target)
			}
		})
	}
}

func TestQRCode(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		rec := r.ask("GET", "/v1/devices/PROV_1/qr.svg", "")
		require.Equal(t, 200, rec.Code)
		require.NoError(t, xml.Unmarshal(rec.Body.Bytes(), &struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		}{}))
		require.Equal(t, `"OTHER_3" has no QR code: it has a console, or a name or secret that no code can say`, r.refused(404, "GET", "/v1/devices/OTHER_3/qr.svg", ""))
	})
}

func TestFaults(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		require.Equal(t, "refuse-join, 4-way handshake timeout (15)",
			must[injected](r, "POST", "/v1/devices/PROV_1/faults", `{"kind": "refuse-join"}`).Fault)
		require.ErrorIs(t, r.provision("PROV_1", simdevice.Right), client.ErrAuth)
		require.Equal(t, 1, must[Device](r, "GET", "/v1/devices/PROV_1", "").Faults)
		must[injected](r, "POST", "/v1/devices/PROV_1/faults", `{"kind": "power-cut", "after": "10s", "for": "5s"}`)
		time.Sleep(11 * time.Second)
		require.Equal(t, Off, must[Device](r, "GET", "/v1/devices/PROV_1", "").State)
		time.Sleep(10 * time.Second)
		require.Equal(t, Connected, must[Device](r, "GET", "/v1/devices/PROV_1", "").State)
		must[injected](r, "POST", "/v1/devices/PROV_1/faults", `{"kind": "power-cut", "after": "10s"}`)
		must[Device](r, "DELETE", "/v1/devices/PROV_1/faults", "")
		time.Sleep(time.Minute)
		require.True(t, must[Device](r, "GET", "/v1/devices/PROV_1", "").On)
		for body, want := range map[string]string{
			`{"kind": "fire"}`: `there is no fault "fire"; take one of refuse-join, lose-network, no-address, slow-scan, small-mtu, stale-session, ` +
				`reboot, power-cut, power-cut-in-flash, drop-answer, delay-answer, truncate-answer, cut-link`,
			`{"kind": "small-mtu"}`:                  "small-mtu is for devices with BLE",
			`{"kind": "delay-answer"}`:               "delay-answer needs a delay, for example 5s",
			`{"kind": "delay-answer", "delay": "5"}`: `the body is wrong: "5" is no duration; write for example 5s or 200ms`,
			`{"kind": "delay-answer", "delay": 5}`:   `the body is wrong: delay cannot be a number; see /openapi.json`,
			`{"kind": "reboot", "reason": 256}`:      `the body is wrong: reason cannot be a number 256; see /openapi.json`,
			`{"kind": "reboot", "why": 1}`:           `the body is wrong: there is no field "why"; /openapi.json lists those that there are`,
			`[]`:                                     `the body is wrong: it is a array; send a JSON object`,
			`{"kind": "reboot"} {}`:                  `the body is wrong: something follows the object`,
			`{"kind"`:                                `the body is wrong: the JSON ends too early`,
			` `:                                      `the body is wrong: it is empty; send a JSON object, {} if there is nothing to say`,
			`{kind}`:                                 `the body is wrong: at byte 2: invalid character 'k' looking for beginning of object key string`,
		} {
			require.Equal(t, want, r.refused(400, "POST", "/v1/devices/PROV_1/faults", body), body)
		}
	})
}

// The kinds of faults are described with the fields that they have.
func TestFaultKinds(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		form := must[faultForm](r, "GET", "/v1/fault-kinds", "")
		values := map[string]string{
			"times": "2", "reason": "8", "endpoint": `"prov-scan"`, "request": "2", "for": `"5s"`, "delay": `"5s"`, "bytes": "3", "operation": "2",
		}
		var kinds []simdevice.FaultKind
		for _, k := range form.Kinds {
			kinds = append(kinds, k.Kind)
			require.NotEmpty(t, k.About)
			for name, value := range values {
				fields := object{"kind": k.Kind, "after": "1h"}
				for _, need := range k.Needs {
					fields[need] = json.RawMessage(values[need])
				}
				fields[name] = json.RawMessage(value)
				body, err := json.Marshal(fields)
				require.NoError(t, err)
				rec := r.ask("POST", "/v1/devices/PROV_2/faults", string(body))
				code := 400
				for _, field := range k.Fields {
					if field == name {
						code = 200
					}
				}
				require.Equal(t, code, rec.Code, "%s with %s: %s", k.Kind, name, rec.Body)
			}
			for _, need := range k.Needs {
				require.Contains(t, k.Fields, need)
				r.refused(400, "POST", "/v1/devices/PROV_2/faults", `{"kind":"`+string(k.Kind)+`"}`)
			}
		}
		require.Equal(t, simdevice.FaultKinds(), kinds)
		require.Equal(t, reason{15, "4-way handshake timeout (15)"}, form.Reasons[0])
	})
}

func TestNetworks(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		require.Len(t, must[networks](r, "GET", "/v1/networks", "").Networks, 1)
		n := must[Network](r, "POST", "/v1/networks", `{"ssid": "Office", "passphrase": "battery staple", "rssi": -60, "join_time": "2s"}`)
		require.Equal(t, "WPA2", n.Auth)
		require.Equal(t, "[hidden]", n.Passphrase)
		require.NoError(t, r.provision("PROV_1", client.Credentials{SSID: "Office", Passphrase: "battery staple"}))
		n = must[Network](r, "PATCH", "/v1/networks/Office", `{"channel": 11, "auth": "WPA2/WPA3", "ip": "10.0.0.9"}`)
		require.Equal(t, uint8(11), n.Channel)
		require.Equal(t, int8(-60), n.RSSI)
		require.Equal(t, Duration(2*time.Second), n.JoinTime)
		require.Equal(t, 1, n.Stations)
		require.Equal(t, hal.Secret("battery staple"), r.fleet.Network("Office").Config().Passphrase)
		require.False(t, must[Network](r, "POST", "/v1/networks/Office/vanish", "").OnAir)
		time.Sleep(time.Minute)
		require.Equal(t, Lost, must[Device](r, "GET", "/v1/devices/PROV_1", "").State)
		require.True(t, must[Network](r, "POST", "/v1/networks/Office/appear", "").OnAir)
		second := must[Network](r, "POST", "/v1/networks", `{"ssid": "Office", "on_air": false}`)
		require.Equal(t, "open", second.Auth)
		require.Equal(t, `2 networks are called "Office"; name one by its BSSID: 02:11:22:33:44:02, 02:11:22:33:44:03`,
			r.refused(409, "POST", "/v1/networks/Office/appear", ""))
		require.True(t, must[Network](r, "POST", "/v1/networks/02:11:22:33:44:03/appear", "").OnAir)
		require.Equal(t, `there is no network "Nowhere"; GET /v1/networks lists them`, r.refused(404, "GET", "/v1/networks/Nowhere", ""))
		for body, want := range map[string]string{
			`{"passphrase": "[hidden]"}`: `passphrase is "[hidden]", which stands for a passphrase that is not shown; leave it out`,
			`{"auth": "WPA9"}`:           `auth is "WPA9"; it can be open, WEP, WPA, WPA2, WPA/WPA2, WPA3, WPA2/WPA3, WPA2-Enterprise or OWE`,
			`{"join_time": "-1s"}`:       `join_time is -1s; it cannot be negative`,
			`{"stations": 1}`:            `the body is wrong: there is no field "stations"; /openapi.json lists those that there are`,
			`{"bssid": "1:2"}`:           `the body is wrong: hal: "1:2" is no BSSID`,
		} {
			require.Equal(t, want, r.refused(400, "PATCH", "/v1/networks/HomeNet", body))
		}
		require.Contains(t, r.refused(400, "PATCH", "/v1/networks/HomeNet", `{"channel": 200}`), "channel")
		require.Contains(t, r.refused(400, "POST", "/v1/networks", `{"ssid": "123456789012345678901234567890123"}`), "32")
		require.Equal(t, "ssid is missing; give the network a name", r.refused(400, "POST", "/v1/networks", `{}`))
		r.refused(400, "POST", "/v1/networks", `{"ssid": "a", "auth": "b"}`)
	})
}

// What is not a request of the API gets an answer that says so.
func TestUnknown(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		require.Equal(t, `there is nothing under "/v2/devices"; /openapi.json lists what there is`, r.refused(404, "GET", "/v2/devices", ""))
		require.Equal(t, `there is nothing under "/v1/devices/PROV_1/fire"; /openapi.json lists what there is`, r.refused(404, "POST", "/v1/devices/PROV_1/fire", ""))
		require.Equal(t, `the page has no file "a.js"`, r.refused(404, "GET", "/page/a.js", ""))
		rec := r.ask("PUT", "/v1/networks/HomeNet", "{}")
		require.Equal(t, 405, rec.Code)
		require.Equal(t, "GET, PATCH, OPTIONS", rec.Header().Get("Allow"))
		require.Contains(t, rec.Body.String(), `PUT does not go with`)
		rec = httptest.NewRecorder()
		req := httptest.NewRequest("OPTIONS", "http://localhost/v1/devices/PROV_1/faults", nil)
		r.api.ServeHTTP(rec, req)
		require.Equal(t, 204, rec.Code)
		require.Equal(t, "POST, DELETE, OPTIONS", rec.Header().Get("Allow"))
		require.Empty(t, rec.Header().Get("Access-Control-Allow-Origin"))
		for _, target := range []string{"/v1/devices", "/", "/metrics", "/v1/events?wait=1m", "/v1/events/stream"} {
			require.Equal(t, 200, r.ask("HEAD", target, "").Code, target)
		}
		for _, target := range []string{"/openapi.json", "/"} {
			rec := httptest.NewRecorder()
			r.api.ServeHTTP(rec, httptest.NewRequest("GET", "http://localhost"+target, nil))
			require.Equal(t, 200, rec.Code)
			require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
		}
	})
}

// Pages of other origins change nothing, and read nothing by another name of the
// server.
func TestOrigins(t *testing.T) {
	bubble(t, three, Config{Hosts: []string{"lab.example"}}, func(t *testing.T, r *rig) {
		const mine = "127.0.0.1:8080"
		for _, test := range []struct {
			host, origin, site string
			get, post          int
		}{
			{mine, "", "", 200, 200},
			{mine, "http://" + mine, "same-origin", 200, 200},
			{mine, "http://" + mine, "", 200, 200},
			{mine, "", "none", 200, 200},
			{mine, "http://evil.example", "cross-site", 200, 403},
			{mine, "http://evil.example", "", 200, 403},
			{mine, "http://127.0.0.1:9090", "same-site", 200, 403},
			{mine, "null", "", 200, 403},
			{mine, "", "cross-site", 200, 403},
			{"evil.example", "", "", 403, 403},
			{"evil.example:8080", "http://evil.example:8080", "same-origin", 403, 403},
			{"lab.example:8080", "http://lab.example:8080", "same-origin", 200, 200},
			{"Lab.Example", "", "", 200, 200},
			{"box.local:8080", "", "", 200, 200},
			{"[::1]:8080", "http://[::1]:8080", "same-origin", 200, 200},
		} {
			for method, want := range map[string]int{"GET": test.get, "POST": test.post} {
				target := map[string]string{"GET": "/v1/devices", "POST": "/v1/networks/HomeNet/appear"}[method]
				req := httptest.NewRequest(method, target, nil)
				req.Host = test.host
				for name, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site} {
					if value != "" {
						req.Header.Set(name, value)
					}
				}
				rec := httptest.NewRecorder()
				r.api.ServeHTTP(rec, req)
				require.Equal(t, want, rec.Code, "%s %+v", method, test)
				require.Empty(t, rec.Header().Get("Access-Control-Allow-Origin"))
			}
		}
	})
}

func TestBodies(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		post := func(typ string, body io.Reader) *httptest.ResponseRecorder {
			req := httptest.NewRequest("POST", "http://localhost/v1/devices/PROV_1/faults", body)
			req.Header.Set("Content-Type", typ)
			rec := httptest.NewRecorder()
			r.api.ServeHTTP(rec, req)
			return rec
		}
		for _, typ := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"} {
			rec := post(typ, strings.NewReader(`{"kind":"reboot"}`))
			require.Equal(t, 415, rec.Code, typ)
			require.Contains(t, rec.Body.String(), "it has to be application/json")
		}
		require.Equal(t, 200, post("application/json; charset=utf-8", strings.NewReader(`{"kind":"stale-session"}`)).Code)
		require.Equal(t, 413, post("application/json", strings.NewReader(`{"kind":"`+strings.Repeat("x", maxBody)+`"}`)).Code)
		require.Equal(t, http.StatusRequestTimeout, post("application/json", brokenReader{}).Code)
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestMetrics(t *testing.T) {
	bubble(t, three, Config{}, func(t *testing.T, r *rig) {
		require.Error(t, r.provision("PROV_1", wrong))
		must[Device](r, "POST", "/v1/devices/PROV_1/factory-reset", "")
		must[injected](r, "POST", "/v1/devices/PROV_1/faults", `{"kind": "reboot"}`)
		synctest.Wait()
		require.NoError(t, r.provision("PROV_1", simdevice.Right))
		require.NoError(t, r.provision("PROV_2", simdevice.Right))
		must[Network](r, "POST", "/v1/networks", `{"ssid": "a", "on_air": false}`)
		must[Device](r, "POST", "/v1/devices/OTHER_3/power-off", "")
		text := r.ask("GET", "/metrics", "").Body.String()
		for _, line := range []string{
			`wifiprov_sim_devices{state="connected"} 2`, `wifiprov_sim_devices{state="off"} 1`, `wifiprov_sim_devices{state="lost"} 0`,
			`wifiprov_sim_devices_by_transport{transport="ble"} 1`,
			`wifiprov_sim_networks{state="absent"} 1`, `wifiprov_sim_networks{state="on_air"} 1`, `wifiprov_sim_stations 2`,
			`wifiprov_sim_boots_total 5`, `wifiprov_sim_provisionings_total 2`,
			`wifiprov_sim_provisioning_failures_total{reason="auth_error"} 1`, `wifiprov_sim_provisioning_failures_total{reason="ap_not_found"} 0`,
			`wifiprov_sim_disconnects_total{reason="15"} 1`, `wifiprov_sim_faults_total{kind="reboot"} 1`,
			`wifiprov_sim_exchanges_total{endpoint="prov-session"} 6`, `wifiprov_sim_exchanges_total{endpoint="other"} 0`,
			`wifiprov_sim_sessions_total{result="ok"} 3`, `# TYPE wifiprov_sim_boots_total counter`,
		} {
			require.Contains(t, text, line+"\n")
		}
		for line := range strings.Lines(text) {
			require.Regexp(t, `^(# (HELP|TYPE) wifiprov_sim_[a-z_]+ .+|wifiprov_sim_[a-z_]+(\{[a-z]+="[a-z0-9_-]*"\})? \d+)\n$`, line)
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// Device is a device in a list.
type Device struct {
	Name      string `json:"name"`
	State     State  `json:"state"`
	On        bool   `json:"on"`
	Serving   bool   `json:"serving"`
	Transport string `json:"transport"`
	Security  int    `json:"security"`
	Address   string `json:"address,omitempty"`
	Network   string `json:"network,omitempty"` // that it is in, or tries to get into
	IP        string `json:"ip,omitempty"`
	Faults    int    `json:"faults"` // that happened
	Last      *Event `json:"last,omitempty"`
}

func (a *API) device(d *simdevice.Device) Device {
	name := d.Name()
	s := a.watch.device(name)
	out := Device{
		Name: name, State: s.state, On: d.On(), Serving: s.serving, Faults: s.faults,
		Transport: d.Transport().String(), Security: d.Security().Mode(), Address: a.address(d),
	}
	if s.last.Number > 0 {
		out.Last = &s.last
	}
	if board := d.Board(); board != nil {
		if cfg, err := board.StationConfig(); err == nil {
			out.Network = cfg.SSID.String()
		}
		if link, err := board.Link(); err == nil {
			out.IP = link.IP.String()
		}
	}
	return out
}

// address says how clients reach a device; "": nobody can.
func (a *API) address(d *simdevice.Device) string {
	if a.cfg.Address != nil {
		if address := a.cfg.Address(d.Name()); address != "" {
			return address
		}
	}
	switch d.Transport() {
	case simdevice.BLE:
		return "Bluetooth " + d.Name()
	case simdevice.HTTP:
		if addr := d.Addr(); addr != nil {
			return "http://" + addr.String()
		}
	}
	return ""
}

// devices is a part of the list of devices.
type devices struct {
	Devices  []Device `json:"devices"`
	Total    int      `json:"total"` // that match
	Offset   int      `json:"offset"`
	Position uint64   `json:"position"` // of the last event before
}

// listDevices lists devices.
func (a *API) listDevices(w http.ResponseWriter, r *http.Request) {
	q := newQuery(w, r)
	prefix, state := q.text("prefix"), State(q.text("state"))
	offset, limit := int(q.number("offset", 0, 0, 1<<31-1)), int(q.number("limit", defaultPage, 0, maxPage))
	if state != "" && !slices.Contains(states(), state) {
		q.refuse("there is no state %q; take one of %s", state, words(states()))
	}
	if !q.done() {
		return
	}
	out := devices{Devices: []Device{}, Offset: offset, Position: a.log.position()}
	for _, d := range a.fleet.Devices() {
		name := d.Name()
		if !strings.HasPrefix(name, prefix) || state != "" && a.watch.device(name).state != state {
			continue
		}
		if out.Total >= offset && len(out.Devices) < limit {
			out.Devices = append(out.Devices, a.device(d))
		}
		out.Total++
	}
	write(w, http.StatusOK, out)
}

// words lists words for a message.
func words[T ~string](all []T) string {
	text := make([]string, len(all))
	for i, word := range all {
		text[i] = string(word)
	}
	return strings.Join(text, ", ")
}

// deviceDetails is all about a device.
type deviceDetails struct {
	Device
	MAC         string     `json:"mac,omitempty"`
	Provisioned bool       `json:"provisioned"`
	Username    string     `json:"username,omitempty"`
	PoP         string     `json:"pop,omitempty"`
	QR          string     `json:"qr,omitempty"`
	Events      []Event    `json:"events"`
	Exchanges   []exchange `json:"exchanges"`
	Position    uint64     `json:"position"`
}

// exchange is an Exchange with its time.
type exchange struct {
	Time time.Time `json:"time"`
	Exchange
}

// find returns the device that a request is for, or answers that there is none.
func (a *API) find(w http.ResponseWriter, r *http.Request) *simdevice.Device {
	name := r.PathValue("device")
	d := a.fleet.Device(name)
	if d == nil {
		refuse(w, http.StatusNotFound, "there is no device %q; GET /v1/devices lists them", name)
	}
	return d
}

// getDevice answers with all about a device.
func (a *API) getDevice(w http.ResponseWriter, r *http.Request) {
	d := a.find(w, r)
	if d == nil || !newQuery(w, r).done() {
		return
	}
	out := deviceDetails{Position: a.log.position(), Device: a.device(d), Provisioned: d.Provisioned(), QR: d.Label()}
	if mac := d.MAC(); mac != (hal.BSSID{}) {
		out.MAC = mac.String()
	}
	username, pop := d.Security().Login()
	out.Username, out.PoP = username, string(pop)
	out.Events, out.Exchanges = []Event{}, []exchange{}
	for _, e := range d.Events() {
		out.Events = append(out.Events, Event{Time: e.Time, Device: out.Name, Name: e.Name(), Detail: e.Detail()})
	}
	for _, e := range d.Exchanges() {
		out.Exchanges = append(out.Exchanges, exchange{e.Time, *a.exchange(&e)})
	}
	write(w, http.StatusOK, out)
}

// changePower carries out what the last part of the path says.
func (a *API) changePower(w http.ResponseWriter, r *http.Request) {
	d := a.find(w, r)
	if d == nil || !newQuery(w, r).done() || !readNothing(w, r) {
		return
	}
	var err error
	switch path.Base(r.URL.Path) {
	case "power-on":
		err = d.PowerOn()
	case "power-off":
		d.PowerCut()
	case "reboot":
		err = d.Reboot()
	case "factory-reset":
		err = d.FactoryReset()
	}
	if err != nil {
		refuse(w, status(err), "%v", err)
		return
	}
	write(w, http.StatusOK, a.device(d))
}

// readNothing reads a body that may be there, and has to be an empty object.
func readNothing(w http.ResponseWriter, r *http.Request) bool {
	return r.ContentLength == 0 && r.Header.Get("Content-Type") == "" || read(w, r, &struct{}{})
}

// status returns the status for an error of a device.
func status(err error) int {
	if errors.Is(err, simdevice.ErrOn) || errors.Is(err, simdevice.ErrOff) || errors.Is(err, simdevice.ErrClosed) {
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// fleetSummary is the fleet as a whole.
type fleetSummary struct {
	Devices  int           `json:"devices"`
	States   map[State]int `json:"states"`
	Networks int           `json:"networks"`
	Position uint64        `json:"position"` // of the last event before
	Secrets  bool          `json:"secrets"`  // passphrases are shown
}

// getFleet answers with the fleet as a whole.
func (a *API) getFleet(w http.ResponseWriter, r *http.Request) {
	if !newQuery(w, r).done() {
		return
	}
	write(w, http.StatusOK, fleetSummary{
		Position: a.log.position(), Devices: len(a.fleet.Devices()), States: a.watch.byState(),
		Networks: len(a.fleet.Networks()), Secrets: a.cfg.ShowSecrets,
	})
}

// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim"
	"github.com/wifiprov/wifiprov/internal/pbtext"
)

// Network is a network of the air.
type Network struct {
	SSID            string     `json:"ssid"`
	BSSID           hal.BSSID  `json:"bssid"`
	Channel         uint8      `json:"channel"`
	RSSI            int8       `json:"rssi"` // in dBm
	Drift           uint8      `json:"drift"`
	Auth            string     `json:"auth"`
	Passphrase      string     `json:"passphrase,omitempty"` // hidden unless Config.ShowSecrets
	Hidden          bool       `json:"hidden"`
	OnAir           bool       `json:"on_air"`
	JoinTime        Duration   `json:"join_time"`
	WrongPassphrase hal.Reason `json:"wrong_passphrase"`
	Refuse          hal.Reason `json:"refuse"`
	RefuseFirst     int        `json:"refuse_first"`
	MaxStations     int        `json:"max_stations"`
	DHCPDelay       Duration   `json:"dhcp_delay"`
	NoDHCP          bool       `json:"no_dhcp"`
	DHCPTimeout     Duration   `json:"dhcp_timeout"`
	IP              hal.IPv4   `json:"ip"`
	Stations        int        `json:"stations"`
}

func (a *API) network(p *sim.AP) Network {
	cfg := p.Config()
	passphrase := string(cfg.Passphrase)
	if passphrase != "" && !a.cfg.ShowSecrets {
		passphrase = pbtext.Hidden
	}
	return Network{
		SSID: cfg.SSID.String(), BSSID: cfg.BSSID, Channel: cfg.Channel, RSSI: cfg.RSSI, Drift: cfg.Drift, Auth: cfg.Auth.String(),
		Passphrase: passphrase, Hidden: cfg.Hidden, OnAir: !cfg.Absent, JoinTime: Duration(cfg.JoinTime),
		WrongPassphrase: cfg.WrongPassphrase, Refuse: cfg.Refuse, RefuseFirst: cfg.RefuseFirst, MaxStations: cfg.MaxStations,
		DHCPDelay: Duration(cfg.DHCPDelay), NoDHCP: cfg.NoDHCP, DHCPTimeout: Duration(cfg.DHCPTimeout), IP: cfg.IP, Stations: p.Stations(),
	}
}

// NetworkChange is what is to be different about a network, or of a new one. What
// is nil stays as it is.
type NetworkChange struct {
	SSID            *string     `json:"ssid"`
	BSSID           *hal.BSSID  `json:"bssid"`
	Channel         *uint8      `json:"channel"`
	RSSI            *int8       `json:"rssi"`
	Drift           *uint8      `json:"drift"`
	Auth            *string     `json:"auth"`
	Passphrase      *string     `json:"passphrase"`
	Hidden          *bool       `json:"hidden"`
	OnAir           *bool       `json:"on_air"`
	JoinTime        *Duration   `json:"join_time"`
	WrongPassphrase *hal.Reason `json:"wrong_passphrase"`
	Refuse          *hal.Reason `json:"refuse"`
	RefuseFirst     *int        `json:"refuse_first"`
	MaxStations     *int        `json:"max_stations"`
	DHCPDelay       *Duration   `json:"dhcp_delay"`
	NoDHCP          *bool       `json:"no_dhcp"`
	DHCPTimeout     *Duration   `json:"dhcp_timeout"`
	IP              *hal.IPv4   `json:"ip"`
}

// apply changes a configuration.
func (c *NetworkChange) apply(cfg *sim.APConfig) error {
	if c.SSID != nil {
		cfg.SSID = hal.SSID(*c.SSID)
	}
	if c.Auth != nil {
		if err := cfg.Auth.UnmarshalText([]byte(*c.Auth)); err != nil {
			return fmt.Errorf("auth is %q; it can be open, WEP, WPA, WPA2, WPA/WPA2, WPA3, WPA2/WPA3, WPA2-Enterprise or OWE", *c.Auth)
		}
	}
	if c.Passphrase != nil {
		if *c.Passphrase == pbtext.Hidden {
			return fmt.Errorf("passphrase is %q, which stands for a passphrase that is not shown; leave it out", *c.Passphrase)
		}
		cfg.Passphrase = hal.Secret(*c.Passphrase)
	}
	if c.OnAir != nil {
		cfg.Absent = !*c.OnAir
	}
	set(&cfg.BSSID, c.BSSID)
	set(&cfg.Channel, c.Channel)
	set(&cfg.RSSI, c.RSSI)
	set(&cfg.Drift, c.Drift)
	set(&cfg.Hidden, c.Hidden)
	set((*Duration)(&cfg.JoinTime), c.JoinTime)
	set(&cfg.WrongPassphrase, c.WrongPassphrase)
	set(&cfg.Refuse, c.Refuse)
	set(&cfg.RefuseFirst, c.RefuseFirst)
	set(&cfg.MaxStations, c.MaxStations)
	set((*Duration)(&cfg.DHCPDelay), c.DHCPDelay)
	set(&cfg.NoDHCP, c.NoDHCP)
	set((*Duration)(&cfg.DHCPTimeout), c.DHCPTimeout)
	set(&cfg.IP, c.IP)
	for name, d := range map[string]time.Duration{"join_time": cfg.JoinTime, "dhcp_delay": cfg.DHCPDelay, "dhcp_timeout": cfg.DHCPTimeout} {
		if d < 0 {
			return fmt.Errorf("%s is %s; it cannot be negative", name, d)
		}
	}
	return nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// networks is the list of networks.
type networks struct {
	Networks []Network `json:"networks"`
}

// listNetworks lists the networks of the air.
func (a *API) listNetworks(w http.ResponseWriter, r *http.Request) {
	if !newQuery(w, r).done() {
		return
	}
	out := networks{Networks: []Network{}}
	for _, p := range a.fleet.Networks() {
		out.Networks = append(out.Networks, a.network(p))
	}
	write(w, http.StatusOK, out)
}

// addNetwork puts one more network on the air.
func (a *API) addNetwork(w http.ResponseWriter, r *http.Request) {
	var change NetworkChange
	if !newQuery(w, r).done() || !read(w, r, &change) {
		return
	}
	if change.SSID == nil {
		refuse(w, http.StatusBadRequest, "ssid is missing; give the network a name")
		return
	}
	var cfg sim.APConfig
	if change.Auth == nil && change.Passphrase != nil && *change.Passphrase != "" {
		cfg.Auth = hal.AuthWPA2PSK
	}
	if err := change.apply(&cfg); err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	p, err := a.fleet.AddNetwork(cfg)
	if err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	write(w, http.StatusCreated, a.network(p))
}

// findNetwork returns the network that a request is for: by BSSID, or by SSID if only
// one has it. Otherwise it answers.
func (a *API) findNetwork(w http.ResponseWriter, r *http.Request) *sim.AP {
	name := r.PathValue("network")
	var bssids []string
	var found *sim.AP
	for _, p := range a.fleet.Networks() {
		info := p.Info()
		if strings.EqualFold(info.BSSID.String(), name) {
			return p
		}
		if string(info.SSID) == name || info.SSID.String() == name {
			found = p
			bssids = append(bssids, info.BSSID.String())
		}
	}
	switch len(bssids) {
	case 0:
		refuse(w, http.StatusNotFound, "there is no network %q; GET /v1/networks lists them", name)
		return nil
	case 1:
		return found
	}
	refuse(w, http.StatusConflict, "%d networks are called %q; name one by its BSSID: %s", len(bssids), name, strings.Join(bssids, ", "))
	return nil
}

// getNetwork answers with a network.
func (a *API) getNetwork(w http.ResponseWriter, r *http.Request) {
	if p := a.findNetwork(w, r); p != nil && newQuery(w, r).done() {
		write(w, http.StatusOK, a.network(p))
	}
}

// changeNetwork changes a network.
func (a *API) changeNetwork(w http.ResponseWriter, r *http.Request) {
	p := a.findNetwork(w, r)
	var change NetworkChange
	if p == nil || !newQuery(w, r).done() || !read(w, r, &change) {
		return
	}
	cfg := p.Config()
	err := change.apply(&cfg)
	if err == nil {
		err = p.Configure(cfg)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	write(w, http.StatusOK, a.network(p))
}

// showNetwork puts a network on the air, or takes it off.
func (a *API) showNetwork(w http.ResponseWriter, r *http.Request) {
	p := a.findNetwork(w, r)
	if p == nil || !newQuery(w, r).done() || !readNothing(w, r) {
		return
	}
	if path.Base(r.URL.Path) == "appear" {
		p.Appear()
	} else {
		p.Vanish()
	}
	write(w, http.StatusOK, a.network(p))
}

// kick says how stations lose their link.
type kick struct {
	Reason hal.Reason `json:"reason"`
}

// kicked is how many did.
type kicked struct {
	Stations int `json:"stations"`
}

// kickStations ends the links of all stations of a network.
func (a *API) kickStations(w http.ResponseWriter, r *http.Request) {
	p := a.findNetwork(w, r)
	body := kick{Reason: hal.ReasonAssocLeave}
	if p == nil || !newQuery(w, r).done() || r.ContentLength != 0 && !read(w, r, &body) {
		return
	}
	write(w, http.StatusOK, kicked{p.Kick(body.Reason)})
}

// SPDX-License-Identifier: Apache-2.0

package wpa

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/store"
)

// Marks are the id_str of our networks: the prefix, a kind, and what follows from it.
//
//	was by=:1.7 made=1 at=3 on=0,3   what the interface did before Take; never joined
//	net 0123456789abcdef             a station's network, with the tag of its configuration
//	ap by=:1.7 made=1                an access point
const (
	markPrefix = "wifiprov "
	markWas    = "was "
	markNet    = "net "
	markAP     = "ap "
)

// record is what an interface did before Take.
type record struct {
	by   string // the bus name of who took it
	made bool   // wpa_supplicant did not control it
	at   string // the network that was joined; may be empty
	on   string // networks that were switched on, with commas
}

func (r record) String() string {
	return markWas + ownerMark(r.by, r.made) + " at=" + r.at + " on=" + r.on
}

// has reports whether a network was switched on.
func (r record) has(id string) bool { return strings.Contains(","+r.on+",", ","+id+",") }

func ownerMark(by string, made bool) string {
	if made {
		return "by=" + by + " made=1"
	}
	return "by=" + by
}

// parse reads a mark after its kind.
func parse(mark string) (r record) {
	for _, field := range strings.Fields(mark) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "by":
			r.by = value
		case "made":
			r.made = value == "1"
		case "at":
			r.at = value
		case "on":
			r.on = value
		}
	}
	return r
}

// alive reports whether somebody else of that bus name is on the bus.
func (b *bus) alive(ctx context.Context, by string) (bool, error) {
	if by == "" || by == b.conn.Names()[0] {
		return false, nil
	}
	var is bool
	call := b.conn.BusObject().CallWithContext(ctx, busName+".NameHasOwner", 0, by)
	err := b.result(ctx, call, &is)
	return is, err
}

// marker makes the tags of configurations.
type marker struct {
	once sync.Once
	key  []byte
}

// Where the Store has the key of the tags.
const (
	keySpace = "wifiprov.wpa"
	keyName  = "tag"
)

// tag tells configurations apart without telling what they are: id_str is shown in
// wpa_supplicant's log. The key stays in the Store, so that a later process recognises
// the network that this one left joined.
func (d *Daemon) tag(cfg hal.StationConfig) string {
	d.mark.once.Do(func() {
		d.storing.Lock()
		defer d.storing.Unlock()
		var err error
		if d.mark.key, err = store.Blob(d.cfg.Store, keySpace, keyName); err == nil && len(d.mark.key) == 16 {
			return
		}
		d.mark.key = make([]byte, 16)
		rand.Read(d.mark.key)
		if err = store.SetBlob(d.cfg.Store, keySpace, keyName, d.mark.key); err == nil {
			err = d.cfg.Store.Commit()
		}
		d.trouble("the Wi-Fi store does not keep a key; a link will not outlive this process", err)
	})
	h := hmac.New(sha256.New, d.mark.key)
	fmt.Fprintf(h, "%q %q %v %v %d", string(cfg.SSID), string(cfg.Passphrase), cfg.BSSIDSet, cfg.BSSID, cfg.MinAuth)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

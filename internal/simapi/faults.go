// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// Fault is a simdevice.Fault in JSON.
type Fault struct {
	Kind      simdevice.FaultKind `json:"kind"`
	After     Duration            `json:"after"`
	Endpoint  string              `json:"endpoint"`
	Request   int                 `json:"request"`
	Times     int                 `json:"times"`
	Reason    hal.Reason          `json:"reason"`
	Delay     Duration            `json:"delay"`
	For       Duration            `json:"for"`
	Bytes     int                 `json:"bytes"`
	Operation int                 `json:"operation"`
}

// injected is the answer to a fault.
type injected struct {
	Fault string `json:"fault"` // in words
}

// injectFault makes a fault happen to a device.
func (a *API) injectFault(w http.ResponseWriter, r *http.Request) {
	d := a.find(w, r)
	var f Fault
	if d == nil || !newQuery(w, r).done() || !read(w, r, &f) {
		return
	}
	fault := simdevice.Fault{
		Kind: f.Kind, After: time.Duration(f.After), Endpoint: f.Endpoint, Request: f.Request, Times: f.Times,
		Reason: f.Reason, Delay: time.Duration(f.Delay), For: time.Duration(f.For), Bytes: f.Bytes, Operation: f.Operation,
	}
	if err := d.Inject(fault); err != nil {
		code := http.StatusBadRequest
		if status(err) == http.StatusConflict {
			code = http.StatusConflict
		}
		refuse(w, code, "%v", err)
		return
	}
	write(w, http.StatusOK, injected{fault.String()})
}

// clearFaults ends all faults of a device.
func (a *API) clearFaults(w http.ResponseWriter, r *http.Request) {
	d := a.find(w, r)
	if d == nil || !newQuery(w, r).done() {
		return
	}
	d.ClearFaults()
	write(w, http.StatusOK, a.device(d))
}

// faultKind describes a kind of faults for those who inject them.
type faultKind struct {
	Kind   simdevice.FaultKind `json:"kind"`
	About  string              `json:"about"`
	Fields []string            `json:"fields"` // that it has beside kind and after
	Needs  []string            `json:"needs"`  // fields that must not be left out
}

// faultKinds describes all kinds of faults, in the order of simdevice.FaultKinds.
func faultKinds() []faultKind {
	about := []struct {
		kind simdevice.FaultKind
		text string
	}{
		{simdevice.RefuseJoin, "The next joins of the network fail with a reason, also with the right passphrase."},
		{simdevice.LoseNetwork, "The link to the network ends with a reason."},
		{simdevice.NoAddress, "The network gives the device no address, for a time or until the faults are cleared."},
		{simdevice.SlowScan, "Scans take longer, for a time or until the faults are cleared."},
		{simdevice.SmallMTU, "Bluetooth has an MTU of 23 bytes from the next power-on."},
		{simdevice.StaleSession, "The device forgets its sessions; clients have to shake hands again."},
		{simdevice.Reboot, "The device reboots, at once or instead of an answer."},
		{simdevice.PowerCut, "The power goes, and comes back after a time if one is given."},
		{simdevice.PowerCutInFlash, "The power goes in the middle of a write to the flash."},
		{simdevice.DropAnswer, "Requests are handled, and their answers never come."},
		{simdevice.DelayAnswer, "Answers come late."},
		{simdevice.TruncateAnswer, "Answers have their first bytes only."},
		{simdevice.CutLink, "The link breaks when a request arrives, and the request is not handled."},
	}
	out := make([]faultKind, len(about))
	for i, a := range about {
		k := faultKind{Kind: a.kind, About: a.text, Fields: append(a.kind.Fields(), "endpoint", "request"), Needs: []string{}}
		if slices.Contains(k.Fields, "delay") {
			k.Needs = append(k.Needs, "delay")
		}
		out[i] = k
	}
	return out
}

// reason is a reason for the end of a link, or for none.
type reason struct {
	Number hal.Reason `json:"number"`
	Name   string     `json:"name"`
}

// faultForm is what is needed to ask for a fault.
type faultForm struct {
	Kinds     []faultKind `json:"kinds"`
	Reasons   []reason    `json:"reasons"` // that have a name; others are allowed
	Endpoints []string    `json:"endpoints"`
}

// listFaultKinds lists the kinds of faults.
func (a *API) listFaultKinds(w http.ResponseWriter, r *http.Request) {
	if !newQuery(w, r).done() {
		return
	}
	out := faultForm{Kinds: faultKinds()}
	for _, n := range []hal.Reason{
		hal.Reason4WayHandshakeTimeout, hal.ReasonBeaconTimeout, hal.ReasonNoAPFound, hal.ReasonAuthFail, hal.ReasonAuthExpire,
		hal.ReasonAssocFail, hal.ReasonAssocTooMany, hal.ReasonHandshakeTimeout, hal.ReasonConnectionFail, hal.ReasonAuthLeave,
		hal.ReasonAssocExpire, hal.ReasonAssocLeave, hal.ReasonMICFailure, hal.Reason8021XAuthFailed, hal.ReasonUnspecified,
	} {
		out.Reasons = append(out.Reasons, reason{n, n.String()})
	}
	for _, name := range endpoints() {
		if name != "other" {
			out.Endpoints = append(out.Endpoints, name)
		}
	}
	write(w, http.StatusOK, out)
}

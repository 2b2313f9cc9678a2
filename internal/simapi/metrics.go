// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
)

// metric is a metric with its values by label; "" is the value without one.
type metric[K cmp.Ordered] struct {
	name, kind, help, label string
	values                  map[K]uint64
}

// append appends the metric in the text format of Prometheus.
func (m metric[K]) append(b *strings.Builder) {
	name := "wifiprov_sim_" + m.name
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, m.help, name, m.kind)
	for _, key := range slices.Sorted(maps.Keys(m.values)) {
		if m.label == "" {
			fmt.Fprintf(b, "%s %d\n", name, m.values[key])
		} else {
			fmt.Fprintf(b, "%s{%s=%q} %d\n", name, m.label, fmt.Sprint(key), m.values[key])
		}
	}
}

func single(n uint64) map[string]uint64 { return map[string]uint64{"": n} }

// getMetrics answers with metrics for Prometheus. No label has a value that a client
// or a scenario makes up.
func (a *API) getMetrics(w http.ResponseWriter, r *http.Request) {
	if !newQuery(w, r).done() {
		return
	}
	const gauge, counter = "gauge", "counter"
	a.watch.mu.Lock()
	count := a.watch.count.clone()
	a.watch.mu.Unlock()
	byState := map[string]uint64{}
	for state, n := range a.watch.byState() {
		byState[string(state)] = uint64(n)
	}
	byTransport := map[string]uint64{}
	for _, transport := range []simdevice.Transport{simdevice.HTTP, simdevice.BLE, simdevice.Console} {
		byTransport[transport.String()] = 0
	}
	for _, d := range a.fleet.Devices() {
		byTransport[d.Transport().String()]++
	}
	networks, stations := map[string]uint64{"on_air": 0, "absent": 0}, 0
	for _, p := range a.fleet.Networks() {
		stations += p.Stations()
		if p.Config().Absent {
			networks["absent"]++
		} else {
			networks["on_air"]++
		}
	}
	losses := map[int]uint64{}
	for reason, n := range count.losses {
		losses[int(reason)] = n
	}
	faults := map[string]uint64{}
	for kind, n := range count.faults {
		faults[string(kind)] = n
	}
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)

	var b strings.Builder
	metric[string]{"devices", gauge, "Devices by what they do.", "state", byState}.append(&b)
	metric[string]{"devices_by_transport", gauge, "Devices by how clients reach them.", "transport", byTransport}.append(&b)
	metric[string]{"networks", gauge, "Networks of the air.", "state", networks}.append(&b)
	metric[string]{"stations", gauge, "Devices that are in a network.", "", single(uint64(stations))}.append(&b)
	metric[string]{"boots_total", counter, "Times that a device got power or rebooted.", "", single(count.boots)}.append(&b)
	metric[string]{"sessions_total", counter, "Handshakes of securities 1 and 2 by result.", "result", count.sessions}.append(&b)
	metric[string]{"provisionings_total", counter, "Credentials that led to a network.", "", single(count.provisioned)}.append(&b)
	metric[string]{"provisioning_failures_total", counter, "Credentials that did not, by reason.", "reason", count.failures}.append(&b)
	metric[int]{"disconnects_total", counter, "Links and attempts to join that ended, by the number of the reason.", "reason", losses}.append(&b)
	metric[string]{"faults_total", counter, "Faults that happened.", "kind", faults}.append(&b)
	metric[string]{"exchanges_total", counter, "Requests to devices that record them, by endpoint.", "endpoint", count.exchanges}.append(&b)
	metric[string]{"exchanges_unanswered_total", counter, "Requests that a device refused to answer.", "", single(count.unanswered)}.append(&b)
	metric[string]{"events_total", counter, "Events of all devices, exchanges included.", "", single(a.log.position())}.append(&b)
	metric[string]{"waiting_requests", gauge, "Requests that wait for events, streams included.", "", single(uint64(len(a.waiting)))}.append(&b)
	metric[string]{"heap_bytes", gauge, "Memory in use by objects of the process.", "", single(heap[0].Value.Uint64())}.append(&b)
	metric[string]{"goroutines", gauge, "Goroutines of the process.", "", single(uint64(runtime.NumGoroutine()))}.append(&b)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(b.String()))
}

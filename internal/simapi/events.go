// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
	"github.com/wifiprov/wifiprov/internal/pbtext"
	"github.com/wifiprov/wifiprov/protocomm"
)

// eventLog keeps the last events of a fleet. All readers read the same copy, each at
// a position of its own, so that a slow reader costs nothing, and no device waits.
type eventLog struct {
	keep int

	mu    sync.Mutex
	base  uint64  // number of the first event ever added
	next  uint64  // number behind the last event; 0: there is none yet
	ring  []entry // event n is at (n-base) % keep
	added chan struct{}
}

type entry struct {
	event    Event
	exchange *simdevice.Exchange
}

// add takes an event. The device waits for it.
func (l *eventLog) add(e fleet.Event) {
	added := entry{newEvent(e), e.Exchange}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) == 0 {
		l.base = e.Number
	}
	if len(l.ring) < l.keep {
		l.ring = append(l.ring, added)
	} else {
		l.ring[(e.Number-l.base)%uint64(l.keep)] = added
	}
	l.next = e.Number + 1
	if l.added != nil {
		close(l.added)
		l.added = nil
	}
}

// position returns the number of the last event.
func (l *eventLog) position() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.next, 1) - 1
}

// atOnce is how many events are copied while devices wait.
const atOnce = 256

// after returns the first events behind a position, at most atOnce, and how many
// events between are forgotten. If there is none, added is closed at the next.
func (l *eventLog) after(position uint64) (found []entry, missed uint64, added <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == 0 || position >= l.next-1 {
		if l.added == nil {
			l.added = make(chan struct{})
		}
		return nil, 0, l.added
	}
	first := l.next - uint64(len(l.ring))
	from := max(position+1, first)
	found = make([]entry, 0, min(l.next-from, atOnce))
	for n := from; n < l.next && len(found) < atOnce; n++ {
		found = append(found, l.ring[(n-l.base)%uint64(l.keep)])
	}
	return found, from - position - 1, nil
}

// Exchange is a request and its answer in plain text.
type Exchange struct {
	Endpoint string          `json:"endpoint"`
	Session  *uint32         `json:"session,omitempty"` // nil: a handshake
	Request  pbtext.Message  `json:"request"`
	Answer   *pbtext.Message `json:"answer,omitempty"` // nil: none
	Error    string          `json:"error,omitempty"`  // why there is no answer
}

func (a *API) exchange(e *simdevice.Exchange) *Exchange {
	x := &Exchange{
		Endpoint: e.Endpoint, Error: e.Err,
		Request: pbtext.Decode(e.Endpoint, pbtext.Request, e.Request, a.cfg.ShowSecrets),
	}
	if e.Session != protocomm.NoSession {
		session := uint32(e.Session)
		x.Session = &session
	}
	if e.Err == "" {
		answer := pbtext.Decode(e.Endpoint, pbtext.Answer, e.Answer, a.cfg.ShowSecrets)
		x.Answer = &answer
	}
	return x
}

// filter says which events a client wants.
type filter struct {
	device string
	names  []string
}

func (q *query) filter(a *API) (f filter) {
	f.device = q.text("device")
	if f.device != "" && a.fleet.Device(f.device) == nil {
		q.refuse("there is no device %q", f.device)
	}
	if names := q.text("name"); names != "" {
		f.names = strings.Split(names, ",")
	}
	for _, name := range f.names {
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || name == "" {
			q.refuse("name is %q; it has to be names of events with commas between, for example PROV_END,FAULT", strings.Join(f.names, ","))
		}
	}
	return f
}

func (f filter) match(e *Event) bool {
	return (f.device == "" || f.device == e.Device) && (len(f.names) == 0 || slices.Contains(f.names, e.Name))
}

// full returns an event as clients get it.
func (a *API) full(e *entry) Event {
	event := e.event
	if e.exchange != nil {
		event.Exchange = a.exchange(e.exchange)
	}
	return event
}

// events is the answer to a question for events.
type events struct {
	Events   []Event `json:"events"`
	Position uint64  `json:"position"`
	Missed   uint64  `json:"missed"`
}

// listEvents answers with the events behind a position, or waits for one.
func (a *API) listEvents(w http.ResponseWriter, r *http.Request) {
	q := newQuery(w, r)
	out := events{Events: []Event{}, Position: q.number("after", 0, 0, math.MaxUint64)}
	limit := int(q.number("limit", defaultPage, 1, maxPage))
	wait := q.duration("wait", maxWait)
	f := q.filter(a)
	if last := a.log.position(); out.Position > last {
		q.refuse("after is %d, and the last event has the number %d; if the simulator was started anew, begin with after=0", out.Position, last)
	}
	if !q.done() || !a.enter(w) {
		return
	}
	defer a.leave(w)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wait + writeTimeout))
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for len(out.Events) < limit {
		found, missed, added := a.log.after(out.Position)
		out.Missed += missed
		for i := range found {
			out.Position = found[i].event.Number
			if f.match(&found[i].event) {
				out.Events = append(out.Events, a.full(&found[i]))
				if len(out.Events) == limit {
					break
				}
			}
		}
		if added == nil {
			continue
		}
		if len(out.Events) > 0 || wait == 0 || r.Method == http.MethodHead {
			break
		}
		select {
		case <-added:
			continue
		case <-timeout.C:
		case <-r.Context().Done():
			return
		case <-a.closed:
			refuse(w, http.StatusServiceUnavailable, "%v", errClosed)
			return
		}
		break
	}
	write(w, http.StatusOK, out)
}

// enter lets one more request wait, or refuses it.
func (a *API) enter(w http.ResponseWriter) bool {
	select {
	case a.waiting <- struct{}{}:
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		return true
	default:
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "%d requests wait for events already; close one, or wait for several names of events in one request", maxWaiting)
		return false
	}
}

// leave ends what enter began. A body that nobody wanted may still come for a while.
func (a *API) leave(w http.ResponseWriter) {
	<-a.waiting
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
}

// streamEvents sends events as they happen (server-sent events). A client that reads
// too slowly is told how many it missed, and is cut off when it does not read at all.
func (a *API) streamEvents(w http.ResponseWriter, r *http.Request) {
	q := newQuery(w, r)
	after := q.number("after", a.log.position(), 0, math.MaxUint64)
	f := q.filter(a)
	if id := r.Header.Get("Last-Event-ID"); id != "" { // of a browser that comes back
		n, err := strconv.ParseUint(id, 10, 64)
		if err != nil {
			q.refuse("Last-Event-ID is %q; it has to be the number of an event", id)
		}
		after = n
	}
	if after > a.log.position() { // of a simulator that was there before
		after = 0
	}
	if !q.done() || !a.enter(w) {
		return
	}
	defer a.leave(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(w)
	send := func(text []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err := w.Write(text)
		return err == nil && control.Flush() == nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	text := []byte(":\n\n")
	for send(text) {
		text = text[:0]
		for len(text) == 0 {
			found, missed, added := a.log.after(after)
			if missed > 0 {
				text = fmt.Appendf(text, "event: gap\ndata: {\"missed\":%d}\n\n", missed)
			}
			for i := range found {
				after = found[i].event.Number
				if f.match(&found[i].event) {
					text = appendEvent(text, a.full(&found[i]))
				}
			}
			if added == nil {
				continue
			}
			select {
			case <-added:
			case <-beat.C:
				text = append(text, ":\n\n"...)
			case <-r.Context().Done():
				return
			case <-a.closed:
				return
			}
		}
	}
}

// appendEvent appends an event of a stream.
func appendEvent(dst []byte, e Event) []byte {
	data, err := json.Marshal(e)
	if err != nil {
		return dst // there is nothing in it that JSON cannot express
	}
	dst = fmt.Appendf(dst, "id: %d\ndata: ", e.Number)
	return append(append(dst, data...), "\n\n"...)
}

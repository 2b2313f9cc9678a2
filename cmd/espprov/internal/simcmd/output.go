// SPDX-License-Identifier: Apache-2.0

package simcmd

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
	"github.com/wifiprov/wifiprov/hal/sim/simdevice"
	"github.com/wifiprov/wifiprov/internal/fleet"
)

// shown is how many devices are listed at the start.
const shown = 20

// output is what the command prints.
type output struct {
	s    cli.Streams
	json bool

	mu    sync.Mutex
	begun bool   // the devices are listed
	held  []byte // events before that
}

// line is an event in JSON.
type line struct {
	Time   time.Time `json:"time"`
	Device string    `json:"device,omitempty"` // none: the air
	Event  string    `json:"event"`
	Detail string    `json:"detail,omitempty"`
}

// event prints an event. It shows no secret.
func (o *output) event(e fleet.Event) {
	if e.Exchange != nil {
		return
	}
	o.print(line{e.Time, e.Device, e.Name(), e.Detail()})
}

func (o *output) print(l line) {
	text := l.text()
	if o.json {
		b, _ := json.Marshal(l) // it has texts, and a time of this century
		text = string(b)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.begun {
		o.held = append(append(o.held, text...), '\n')
		return
	}
	_, _ = io.WriteString(o.s.Out, text+"\n")
}

// text is an event for people.
func (l line) text() string {
	device := l.Device
	if device == "" {
		device = "air"
	}
	text := l.Time.Format("15:04:05.000") + " " + device + " " + l.Event
	if l.Detail != "" {
		text += " " + l.Detail
	}
	return text
}

// begin prints how the devices are reached, what is in their QR codes, where the page is
// if there is one, and the events so far.
func (o *output) begin(devices []*simdevice.Device, r *reach, page string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	about := o.s.Out
	if o.json {
		about = o.s.Err
		for _, d := range devices {
			text, _ := json.Marshal(line{time.Now(), d.Name(), "ADDRESS", r.address(d)})
			_, _ = o.s.Out.Write(append(text, '\n'))
		}
		if page != "" {
			text, _ := json.Marshal(line{time.Now(), "", "CONTROL", page})
			_, _ = o.s.Out.Write(append(text, '\n'))
		}
	}
	for i, d := range devices {
		if i == shown {
			fmt.Fprintf(about, "… and %d more, the last one %s: %s\n", len(devices)-shown, devices[len(devices)-1].Name(), r.address(devices[len(devices)-1]))
			break
		}
		text := d.Name() + ": " + r.address(d)
		if label := d.Label(); label != "" {
			text += "  QR " + label
		} else if _, pop := d.Security().Login(); pop != "" {
			text += "  pop " + string(pop)
		}
		fmt.Fprintln(about, text)
	}
	if len(devices) == 0 {
		fmt.Fprintln(about, "none of the scenario's devices is in this part")
	}
	if page != "" {
		fmt.Fprintln(about, "control: "+page)
	}
	_, _ = o.s.Out.Write(o.held)
	o.begun, o.held = true, nil
}

// warn prints a warning.
func (o *output) warn(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintln(o.s.Err, "espprov: warning:", text)
}

// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"net/http"

	"github.com/wifiprov/wifiprov/internal/qrcode"
)

// getQR draws the QR code of a device.
func (a *API) getQR(w http.ResponseWriter, r *http.Request) {
	d := a.find(w, r)
	if d == nil || !newQuery(w, r).done() {
		return
	}
	text := d.Label()
	if text == "" {
		refuse(w, http.StatusNotFound, "%q has no QR code: it has a console, or a name or secret that no code can say", d.Name())
		return
	}
	code, err := qrcode.New(text)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "what the QR code of %q has to say is too long for one", d.Name())
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(code.SVG()))
}

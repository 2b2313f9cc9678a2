// SPDX-License-Identifier: Apache-2.0

package simapi

import (
	"embed"
	"net/http"
	"path"
)

//go:embed openapi.json
var openAPI []byte

// getOpenAPI answers with the description of the API.
func (a *API) getOpenAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}

//go:embed page
var pageFiles embed.FS

// pageTypes are the types of the page's files.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// policy lets the page load from this server only, and nobody else embed it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page answers with the page and its files.
func (a *API) page(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == "" {
		name = "index.html"
	}
	text, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		refuse(w, http.StatusNotFound, "the page has no file %q", name)
		return
	}
	w.Header().Set("Content-Type", pageTypes[path.Ext(name)])
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = w.Write(text)
}

//go:build race

package protocomm_test

// strangers is how many come; the race detector slows each down twentyfold.
const strangers = 100

//go:build !race

package protocomm_test

const strangers = 1000

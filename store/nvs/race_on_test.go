//go:build race

package nvs_test

const raceEnabled = true

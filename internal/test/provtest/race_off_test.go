//go:build !race

package provtest

const raceDetector = false

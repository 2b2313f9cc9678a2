// Package idftest is an ESP32 in a test: the calls of ESP-IDF that package
// hal/esp32/idf makes, as a device of hal/sim's air carries them out. So
//
//	CGO_ENABLED=1 go test -tags espidf ./...
//
// runs the code of a device, C and Go, on a host. Its Wi-Fi and its SoftAP are a
// sim.Board, with its NVS partition in the format of ESP-IDF; its Bluetooth
// controller is a sim.Controller; its HTTP server serves a simnet.Network. Calls
// can be made to fail, and what is not given back is counted.
//
// The headers with the published names and types, and the C half, are in the
// folder idf. What hal leaves open and ESP-IDF does in its own way is done as
// there, as far as it is published.
package idftest

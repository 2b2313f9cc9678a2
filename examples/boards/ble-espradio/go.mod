module github.com/wifiprov/wifiprov/examples/boards/ble-espradio

go 1.25.0

require (
	github.com/wifiprov/wifiprov v0.0.0
	github.com/wifiprov/wifiprov/hal/esp32/espradio/chip v0.0.0
)

replace (
	github.com/wifiprov/wifiprov => ../../..
	github.com/wifiprov/wifiprov/hal/esp32/espradio/chip => ../../../hal/esp32/espradio/chip
)

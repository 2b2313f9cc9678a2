module github.com/wifiprov/wifiprov/hal/esp32/espradio/chip

go 1.25.0

require (
	github.com/wifiprov/wifiprov v0.0.0
	tinygo.org/x/espradio v0.5.0
)

replace github.com/wifiprov/wifiprov => ../../../..

module github.com/wifiprov/wifiprov/hal/pico/cyw43/chip

go 1.25.0

require (
	github.com/soypat/cyw43439 v0.2.0
	github.com/soypat/lneto v0.4.0
	github.com/tinygo-org/pio v0.3.0
	github.com/wifiprov/wifiprov v0.0.0
)

replace github.com/wifiprov/wifiprov => ../../../..

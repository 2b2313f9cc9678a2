module github.com/wifiprov/wifiprov/examples/boards/pico-w

go 1.25.0

require (
	github.com/wifiprov/wifiprov v0.0.0
	github.com/wifiprov/wifiprov/hal/pico/cyw43/chip v0.0.0
)

replace (
	github.com/wifiprov/wifiprov => ../../..
	github.com/wifiprov/wifiprov/hal/pico/cyw43/chip => ../../../hal/pico/cyw43/chip
)

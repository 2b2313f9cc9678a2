// SPDX-License-Identifier: Apache-2.0

// Package wifiprov gives a device the Wi-Fi provisioning service of ESP-IDF's
// wifi_prov_mgr, on the wire and in behaviour: Espressif's phone apps and
// esp_prov provision whatever runs it, unmodified. The device may be a chip
// programmed in Go, a Linux box, or a simulated one in a test (hal/sim).
//
// A program initialises the [Manager] with its Wi-Fi driver and a scheme,
// asks whether it is provisioned, and if not, starts the service and waits:
//
//	var m wifiprov.Manager
//	err := m.Init(wifiprov.Config{
//		WiFi:   board,
//		Scheme: softap.New(softap.Config{AP: board}),
//	})
//	…
//	if done, _ := m.IsProvisioned(); !done {
//		sec, _ := sec1.New(sec1.Config{PoP: "abcd1234"})
//		err = m.StartProvisioning(sec, "PROV_A1B2C3", "")
//		m.Wait()
//	}
//	m.Deinit()
//
// What happens meanwhile comes as [Event]s. The package-level functions do the
// same for a program with one device.
//
// [Config] has what later releases added, such as a limit of attempts. It also has
// options beyond the C original, which are off by default: to write credentials to
// flash only once they have led to an address (VerifyCredentials), to take new
// ones without a reset (RetryAfterFailure), to tell clients more
// (StatusEndpoint) and to slow down guessing (ProofDelay).
//
// The core has no goroutine and no wall clock of its own. It runs in the
// goroutines of its callers, and takes its timers from Config.Clock.
package wifiprov

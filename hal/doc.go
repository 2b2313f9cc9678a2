// Package hal is the boundary between the provisioning core and the machine
// it runs on: Wi-Fi, SoftAP, timers and logging. It holds contracts and plain
// types only, and imports nothing of this module.
//
// Implementations live in folders below it, one package each: hal/sim is a
// complete simulated Wi-Fi driver. hal/haltest holds every implementation to
// the contracts written here.
//
// # Contracts common to all interfaces
//
// Calls may come from any goroutine and may overlap, unless a method says
// otherwise. A method returns promptly: what takes time (connecting,
// scanning) is started by the call and reported by an [Event]. Errors are the
// driver's own; the core wraps them and never inspects their text.
//
// Slices given to a method belong to the caller again when it returns;
// slices returned belong to the caller.
package hal

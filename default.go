// SPDX-License-Identifier: Apache-2.0

package wifiprov

import (
	"time"

	"github.com/wifiprov/wifiprov/hal"
	"github.com/wifiprov/wifiprov/protocomm"
)

// defaultManager serves the package-level functions, for a program that is
// one device, as nearly all firmware is.
var defaultManager Manager

// Default returns the Manager that the package-level functions use.
func Default() *Manager { return &defaultManager }

// Init calls Manager.Init of the default manager.
func Init(cfg Config) error { return defaultManager.Init(cfg) }

// Deinit calls Manager.Deinit of the default manager.
func Deinit() error { return defaultManager.Deinit() }

// IsProvisioned calls Manager.IsProvisioned of the default manager.
func IsProvisioned() (bool, error) { return defaultManager.IsProvisioned() }

// IsIdle calls Manager.IsIdle of the default manager.
func IsIdle() bool { return defaultManager.IsIdle() }

// StartProvisioning calls Manager.StartProvisioning of the default manager.
func StartProvisioning(sec protocomm.Security, serviceName, serviceKey string) error {
	return defaultManager.StartProvisioning(sec, serviceName, serviceKey)
}

// StopProvisioning calls Manager.StopProvisioning of the default manager.
func StopProvisioning() { defaultManager.StopProvisioning() }

// Wait calls Manager.Wait of the default manager.
func Wait() { defaultManager.Wait() }

// Done calls Manager.Done of the default manager.
func Done() <-chan struct{} { return defaultManager.Done() }

// Subscribe calls Manager.Subscribe of the default manager.
func Subscribe(fn func(Event)) (cancel func()) { return defaultManager.Subscribe(fn) }

// DisableAutoStop calls Manager.DisableAutoStop of the default manager.
func DisableAutoStop(cleanup time.Duration) error { return defaultManager.DisableAutoStop(cleanup) }

// KeepBLEOn calls Manager.KeepBLEOn of the default manager.
func KeepBLEOn(keep bool) error { return defaultManager.KeepBLEOn(keep) }

// SetAppInfo calls Manager.SetAppInfo of the default manager.
func SetAppInfo(label, version string, capabilities []string) error {
	return defaultManager.SetAppInfo(label, version, capabilities)
}

// CreateEndpoint calls Manager.CreateEndpoint of the default manager.
func CreateEndpoint(name string) error { return defaultManager.CreateEndpoint(name) }

// RegisterEndpoint calls Manager.RegisterEndpoint of the default manager.
func RegisterEndpoint(name string, h Handler) error { return defaultManager.RegisterEndpoint(name, h) }

// UnregisterEndpoint calls Manager.UnregisterEndpoint of the default manager.
func UnregisterEndpoint(name string) { defaultManager.UnregisterEndpoint(name) }

// ConfigureStation calls Manager.ConfigureStation of the default manager.
func ConfigureStation(cfg hal.StationConfig) error { return defaultManager.ConfigureStation(cfg) }

// WiFiState calls Manager.WiFiState of the default manager.
func WiFiState() (StationState, error) { return defaultManager.WiFiState() }

// DisconnectReason calls Manager.DisconnectReason of the default manager.
func DisconnectReason() (FailReason, error) { return defaultManager.DisconnectReason() }

// RemainingAttempts calls Manager.RemainingAttempts of the default manager.
func RemainingAttempts() (int, error) { return defaultManager.RemainingAttempts() }

// ResetProvisioning calls Manager.ResetProvisioning of the default manager.
func ResetProvisioning() error { return defaultManager.ResetProvisioning() }

// ResetOnFailure calls Manager.ResetOnFailure of the default manager.
func ResetOnFailure() error { return defaultManager.ResetOnFailure() }

// ResetForReprovision calls Manager.ResetForReprovision of the default
// manager.
func ResetForReprovision() error { return defaultManager.ResetForReprovision() }

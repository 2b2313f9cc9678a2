package hal

// Limits is what a radio's driver takes and cannot do.
type Limits uint8

// Limits, to be combined.
const (
	// LimitBSSID: StationConfig.BSSID is kept; which access point of the network
	// is joined is the driver's choice.
	LimitBSSID Limits = 1 << iota
	// LimitMinAuth: StationConfig.MinAuth is kept, and weaker networks are joined
	// all the same.
	LimitMinAuth
	// LimitPassive: scans send probe requests, whatever ScanConfig.Passive says.
	LimitPassive
)

// Limited is an optional ability of a WiFi, found by type assertion: it says what
// it cannot do. A driver without it can do everything.
type Limited interface {
	// Limits returns what the driver cannot do; always the same.
	Limits() Limits
}

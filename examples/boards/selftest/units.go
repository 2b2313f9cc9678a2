package main

// units test packages one by one.
var units = []part{
	{"security 1", testSecurity1},
	{"security 2", testSecurity2},
	{"state machine", testStates},
	{"nvs", testNVS},
	{"attribute server", testAttributes},
}

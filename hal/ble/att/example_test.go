package att_test

import (
	"fmt"

	"github.com/wifiprov/wifiprov/hal/ble"
	"github.com/wifiprov/wifiprov/hal/ble/att"
)

// What a device named PROV_1 tells everybody.
func ExampleAppendAdvertising() {
	service, _ := ble.ParseUUID("1775244d-6b43-439b-877c-060f2d9bed07")
	fmt.Printf("% x\n", att.AppendAdvertising(nil, service))
	fmt.Printf("% x\n", att.AppendScanResponse(nil, "PROV_1", []byte{0xe5, 0x02, 1}))
	// Output:
	// 02 01 06 11 07 07 ed 9b 2d 0f 06 7c 87 9b 43 43 6b 4d 24 75 17
	// 07 09 50 52 4f 56 5f 31 04 ff e5 02 01
}

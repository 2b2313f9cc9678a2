// SPDX-License-Identifier: Apache-2.0

package att

// Packet types of the H4 framing (Bluetooth Core, Vol 4 Part A 2).
const (
	PacketCommand = 0x01
	PacketACL     = 0x02
	PacketEvent   = 0x04
)

// Commands that the host sends (Bluetooth Core, Vol 4 Part E 7).
const (
	opDisconnect       = 0x0406
	opSetEventMask     = 0x0C01
	opReset            = 0x0C03
	opReadBufferSize   = 0x1005
	opReadAddress      = 0x1009
	opLESetEventMask   = 0x2001
	opLEReadBufferSize = 0x2002
	opLESetRandomAddr  = 0x2005
	opLEAdvParams      = 0x2006
	opLEAdvData        = 0x2008
	opLEScanResponse   = 0x2009
	opLEAdvEnable      = 0x200A
	opLELTKReply       = 0x201A
	opLELTKNegative    = 0x201B
)

// Events that the host understands.
const (
	evDisconnected   = 0x05
	evEncryption     = 0x08
	evComplete       = 0x0E
	evStatus         = 0x0F
	evHardwareError  = 0x10
	evSentPackets    = 0x13
	evKeyRefresh     = 0x30
	evLE             = 0x3E
	subConnected     = 0x01
	subLTKRequest    = 0x05
	subConnectedMore = 0x0A // LE Enhanced Connection Complete
)

// Fixed L2CAP channels of an LE link.
const (
	cidATT      = 0x0004
	cidSignal   = 0x0005
	cidSecurity = 0x0006
)

const (
	headACL    = 4 // handle and flags, length
	headL2CAP  = 4 // length, channel
	minACL     = 27
	maxHandle  = 0x0EFF
	pbStart    = 0x0000 // host to controller: first fragment
	pbContinue = 0x1000
	pbMask     = 0x3000
	pbAuto     = 0x2000 // controller to host: first fragment
)

// Codes of L2CAP signals.
const (
	sigReject      = 0x01
	sigParamUpdate = 0x12
)

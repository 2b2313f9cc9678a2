// SPDX-License-Identifier: Apache-2.0

// Package nvscmd is the group nvs of espprov: commands for images of NVS partitions.
package nvscmd

// Command is the group. Package cli says how a command is made of a struct.
type Command struct {
	Dump    dumpCommand    `cmd:"" help:"list all keys and values"`
	Get     getCommand     `cmd:"" help:"print a value"`
	Set     setCommand     `cmd:"" help:"set a value"`
	Erase   eraseCommand   `cmd:"" help:"erase a key or all keys of a namespace"`
	Create  createCommand  `cmd:"" help:"make an image from a CSV file"`
	Encrypt encryptCommand `cmd:"" help:"make the image of an encrypted partition from a plain one"`
	Decrypt decryptCommand `cmd:"" help:"make the image of a plain partition from an encrypted one"`
	Check   checkCommand   `cmd:"" help:"explain everything irregular in an image"`
	Keys    keysCommand    `cmd:"" help:"keys of encrypted partitions"`
}

// Help explains the group.
func (*Command) Help() string {
	return `espprov nvs works on images of the NVS partition, where ESP32 devices keep their settings and
Wi-Fi credentials. To get a device's image, with the offset and size of its partition table:

  esptool.py read_flash 0x9000 0x6000 nvs.bin`
}

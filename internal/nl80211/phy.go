// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nl80211

import (
	"bytes"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/wifiprov/wifiprov/hal"
)

// Alias is the alias (ip link's word) of the interfaces that AddAP makes, so that
// RemoveAP finds them after a restart, and removes no other.
const Alias = "made by wifiprov"

// Phy is the kernel's view of the radios; see radio.Phy. It holds nothing: the zero
// value is ready, and calls may overlap.
type Phy struct{}

// Beside implements radio.Phy. Interfaces that exist besides the two are not counted.
func (Phy) Beside(iface string) (int, error) {
	w, err := askWiphy(iface)
	return w.beside(), err
}

// Channels implements radio.Phy.
func (Phy) Channels(iface string) ([]uint8, error) {
	w, err := askWiphy(iface)
	if err != nil {
		return nil, err
	}
	list := w.numbers(func(c channel) bool { return !c.disabled })
	if len(list) == 0 {
		return nil, fmt.Errorf("nl80211: %s may send on no channel of 2.4 or 5 GHz; is the country set (iw reg set, or raspi-config)?", iface)
	}
	return list, nil
}

// Channel implements radio.Phy.
func (Phy) Channel(iface string) (uint8, error) {
	_, v, err := find(iface)
	return hal.ChannelOf(int(v.mhz)), err
}

// AddAP implements radio.Phy. The interface has another MAC address than iface: the one
// that the driver gives it, or else one that is derived from that of iface. It is down.
func (p Phy) AddAP(iface, name string) error {
	station, v, err := find(iface)
	if err != nil {
		return err
	}
	switch _, other, err := find(name); {
	case name == iface:
		return fmt.Errorf("nl80211: the access point's interface cannot be the station's, %s", iface)
	case err == nil && other.wiphy == v.wiphy:
		return nil
	case err == nil:
		return fmt.Errorf("nl80211: interface %s belongs to another radio than %s; choose another name", name, iface)
	case !errors.As(err, &netlink.LinkNotFoundError{}):
		return err
	}
	_, err = request(unix.NL80211_CMD_NEW_INTERFACE, unix.NLM_F_ACK,
		nl.NewRtAttr(unix.NL80211_ATTR_WIPHY, nl.Uint32Attr(v.wiphy)),
		nl.NewRtAttr(unix.NL80211_ATTR_IFNAME, nl.ZeroTerminated(name)),
		nl.NewRtAttr(unix.NL80211_ATTR_IFTYPE, nl.Uint32Attr(unix.NL80211_IFTYPE_AP)))
	if err != nil {
		return explain("making "+name+" beside "+iface, err)
	}
	if err := prepare(name, station.HardwareAddr); err != nil {
		return errors.Join(explain("preparing "+name, err), remove(name))
	}
	return nil
}

// prepare marks a new interface, and gives it an address of its own.
func prepare(name string, station net.HardwareAddr) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetAlias(link, Alias); err != nil {
		return err
	}
	if !bytes.Equal(link.Attrs().HardwareAddr, station) {
		return nil
	}
	return netlink.LinkSetHardwareAddr(link, otherAddress(station))
}

// otherAddress returns a locally administered address that differs from a.
func otherAddress(a net.HardwareAddr) net.HardwareAddr {
	b := bytes.Clone(a)
	if b[0] |= 2; bytes.Equal(a, b) {
		b[len(b)-1] ^= 1
	}
	return b
}

// RemoveAP implements radio.Phy. An interface that AddAP did not make stays.
func (Phy) RemoveAP(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) || err == nil && link.Attrs().Alias != Alias {
		return nil
	}
	if err != nil {
		return explain("removing "+name, err)
	}
	return remove(name)
}

func remove(name string) error {
	link, _, err := find(name)
	if err != nil {
		return err
	}
	_, err = request(unix.NL80211_CMD_DEL_INTERFACE, unix.NLM_F_ACK, index(link))
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return explain("removing "+name, err)
	}
	return nil
}

// find asks for an interface. Its error holds a netlink.LinkNotFoundError if there is none.
func find(iface string) (*netlink.LinkAttrs, vif, error) {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return nil, vif{}, fmt.Errorf("nl80211: interface %q: %w", iface, err)
	}
	messages, err := request(unix.NL80211_CMD_GET_INTERFACE, 0, index(link.Attrs()))
	if errors.Is(err, unix.ENODEV) || err == nil && len(messages) == 0 {
		return nil, vif{}, fmt.Errorf("nl80211: %s is not a Wi-Fi interface", iface)
	}
	if err != nil {
		return nil, vif{}, explain("asking for "+iface, err)
	}
	return link.Attrs(), parseVif(messages[0]), nil
}

func askWiphy(iface string) (wiphy, error) {
	link, _, err := find(iface)
	if err != nil {
		return wiphy{}, err
	}
	messages, err := request(unix.NL80211_CMD_GET_WIPHY, unix.NLM_F_DUMP, index(link),
		nl.NewRtAttr(unix.NL80211_ATTR_SPLIT_WIPHY_DUMP, nil))
	if err != nil {
		return wiphy{}, explain("asking for the radio of "+iface, err)
	}
	return parseWiphy(messages...), nil
}

func index(link *netlink.LinkAttrs) *nl.RtAttr {
	return nl.NewRtAttr(unix.NL80211_ATTR_IFINDEX, nl.Uint32Attr(uint32(link.Index)))
}

// tries is how often a dump is asked for that was changed meanwhile.
const tries = 5

// request sends a command, and returns the attributes of each message of the answer.
func request(command uint8, flags int, attrs ...*nl.RtAttr) ([][]byte, error) {
	family, err := netlink.GenlFamilyGet(unix.NL80211_GENL_NAME)
	if errors.Is(err, unix.ENOENT) {
		return nil, errors.New("the kernel has no Wi-Fi (is the driver loaded, and cfg80211?)")
	}
	if err != nil {
		return nil, err
	}
	var answer [][]byte
	for range tries {
		r := nl.NewNetlinkRequest(int(family.ID), flags)
		r.AddData(&nl.Genlmsg{Command: command})
		for _, a := range attrs {
			r.AddData(a)
		}
		answer, err = r.Execute(unix.NETLINK_GENERIC, family.ID)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	for i, m := range answer {
		answer[i] = m[min(nl.SizeofGenlmsg, len(m)):]
	}
	return answer, nil
}

// explain says what failed and, where it is known, what to do.
func explain(what string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, unix.EPERM):
		hint = " (it needs CAP_NET_ADMIN: run as root, or give the capability)"
	case errors.Is(err, unix.EOPNOTSUPP):
		hint = " (the driver cannot)"
	case errors.Is(err, unix.EBUSY):
		hint = " (the radio has no room for another interface; iw phy shows the valid combinations)"
	}
	return fmt.Errorf("nl80211: %s: %w%s", what, err, hint)
}

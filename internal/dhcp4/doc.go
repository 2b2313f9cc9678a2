// SPDX-License-Identifier: Apache-2.0

// Package dhcp4 gives a Linux interface its IPv4 address, as a DHCP client
// (Client.Lease) or from the system's own client (Await), and gives addresses to the
// clients of an access point (Serve).
//
// Lease needs the capabilities CAP_NET_RAW for its packets and CAP_NET_ADMIN for
// address and routes. Serve needs CAP_NET_ADMIN for the address, CAP_NET_BIND_SERVICE
// for port 67, and before Linux 5.7 CAP_NET_RAW. Await needs none. A sandbox has to
// allow the address families AF_NETLINK, AF_INET and, for Lease, AF_PACKET.
package dhcp4

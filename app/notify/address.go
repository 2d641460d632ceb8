package notify

import (
	"fmt"
	"net/netip"
	"syscall"
)

// inward are networks that lead into somebody's own house and that net/netip
// has no word for. Sources: the special-purpose registries of IANA.
var inward = [...]string{
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
}

// public reports whether an address is one of the internet at large.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if inner, ok := embedded(ip); ok {
		return public(inner)
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, network := range inward {
		if netip.MustParsePrefix(network).Contains(ip) {
			return false
		}
	}
	return true
}

// embedded returns the IPv4 address that a NAT64 or 6to4 address leads to.
func embedded(ip netip.Addr) (netip.Addr, bool) {
	if !ip.Is6() {
		return netip.Addr{}, false
	}
	raw := ip.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return netip.AddrFrom4([4]byte(raw[2:6])), true
	}
	return netip.Addr{}, false
}

// inwardError says that a name led to an address of the own network.
type inwardError struct{ address string }

func (e *inwardError) Error() string {
	return fmt.Sprintf("%s is an address of a private network; TIEOUT_WEBHOOK_PRIVATE=true would allow it", e.address)
}

// refuseInward looks at the address that is really dialled, after names were
// resolved, so that no answer of a name server gets around it.
func refuseInward(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return &inwardError{address}
	}
	return nil
}

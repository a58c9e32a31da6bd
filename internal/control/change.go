package control

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// Change is one command line's worth of changes to a carpN. A nil field was
// not on the line. The supervisor applies a Change whole or not at all.
type Change struct {
	VHID    *carp.VHID    `json:"vhid,omitempty"`
	AdvBase *carp.AdvBase `json:"advbase,omitempty"`
	AdvSkew *carp.AdvSkew `json:"advskew,omitempty"`
	// Pass is the password as typed, uncut; it stays out of every log because
	// a Password does not print.
	Pass *Password `json:"pass,omitempty"`
	// CarpDev names the parent; the empty string goes back to choosing it by
	// the subnet of the addresses (-carpdev).
	CarpDev *string `json:"carpdev,omitempty"`
	// Addresses are applied in the order typed, after everything else, as
	// ifconfig(8) does.
	Addresses []AddressChange `json:"addresses,omitempty"`
	Up        *bool           `json:"up,omitempty"`
	// Peer and Peer6 are the only hosts to advertise to, by unicast; the
	// invalid address goes back to the multicast group (mcast, mcast6).
	Peer  *netip.Addr `json:"peer,omitempty"`
	Peer6 *netip.Addr `json:"peer6,omitempty"`
	// Description is free text; the empty string takes it away.
	Description *string `json:"description,omitempty"`
	// Groups are the interface groups to join and to leave, in the order typed.
	Groups []GroupChange `json:"groups,omitempty"`
	// Metric is kept and shown, 0 to 2147483647.
	Metric *int `json:"metric,omitempty"`
	// MTU is carpN's in bytes, at most its parent's.
	MTU *int `json:"mtu,omitempty"`
	// SetFlags and ClearFlags are the flags to set and to clear; none is in both.
	SetFlags   bsdif.Flags `json:"set_flags,omitempty"`
	ClearFlags bsdif.Flags `json:"clear_flags,omitempty"`
	// Backing is what bears the addresses; it is chosen at create for good.
	Backing *Backing `json:"backing,omitempty"`
	// Name is the interface's new name.
	Name *string `json:"name,omitempty"`
	// State forces BACKUP or MASTER (`state master`), after all the rest.
	State *carp.State `json:"state,omitempty"`
}

// IsEmpty tells whether the line changed nothing.
func (c *Change) IsEmpty() bool {
	return reflect.ValueOf(c).Elem().IsZero()
}

// GroupChange is one group to join or leave.
type GroupChange struct {
	Name  string `json:"name"`
	Leave bool   `json:"leave,omitempty"`
}

// Backing is what bears the virtual addresses in the kernel.
type Backing string

const (
	// MACVLAN is an interface with the virtual MAC on the parent: the default.
	MACVLAN Backing = "macvlan"
	// TUN is for links that allow one MAC only: the addresses are answered for
	// with the parent's own.
	TUN Backing = "tun"
)

// AddressOp is what a line does with an address.
type AddressOp string

// The three things that ifconfig(8) does with an address.
const (
	// AddressSet replaces the first address of the family: a line without
	// alias. On an interface without one it is AddressAdd.
	AddressSet AddressOp = "set"
	// AddressAdd adds one: alias, add.
	AddressAdd AddressOp = "add"
	// AddressDelete removes one: -alias, delete, remove.
	AddressDelete AddressOp = "delete"
)

// AddressChange is one address word with what belongs to it.
type AddressChange struct {
	Op AddressOp `json:"op"`
	// Prefix is the address itself with its length, host bits kept. A delete
	// goes by the address alone. The invalid Prefix with AddressDelete means
	// the first address of the family, as `ifconfig carp0 delete` does (IPv4).
	Prefix netip.Prefix `json:"prefix"`
	// Inet6 is what the line says of an IPv6 address; it replaces what was said of
	// it before.
	Inet6 bsdif.Inet6 `json:"inet6,omitzero"`
	// EUI64 fills the lower half of an IPv6 address from the virtual MAC.
	EUI64 bool `json:"eui64,omitempty"`
}

// Password is a password on its way to the supervisor: any bytes. It goes into
// JSON in base64, since encoding/json would mend what is not UTF-8, and prints
// as "redacted".
type Password string

// MarshalText implements encoding.TextMarshaler.
func (p Password) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(p)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Password) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	*p = Password(raw)
	return err
}

// Format implements fmt.Formatter, so that no verb can print the secret.
func (Password) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redacted")) }

// String is for whoever asks without fmt.
func (Password) String() string { return "redacted" }

// LogValue implements slog.LogValuer: slog would ask MarshalText.
func (Password) LogValue() slog.Value { return slog.StringValue("redacted") }

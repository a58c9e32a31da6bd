package control

import (
	"encoding/base64"
	"net/netip"

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
	// State forces BACKUP or MASTER (`state master`), after all the rest.
	State *carp.State `json:"state,omitempty"`
}

// IsEmpty tells whether the line changed nothing.
func (c *Change) IsEmpty() bool {
	return c.VHID == nil && c.AdvBase == nil && c.AdvSkew == nil && c.Pass == nil &&
		c.CarpDev == nil && len(c.Addresses) == 0 && c.Up == nil && c.State == nil
}

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

// String hides the secret from every format verb but %q and %x; GoString and
// LogValue below hide it from the rest that could meet one.
func (Password) String() string { return "redacted" }

// GoString implements fmt.GoStringer.
func (Password) GoString() string { return "redacted" }

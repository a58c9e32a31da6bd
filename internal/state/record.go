package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsdif"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// RecordVersion is the version of the record's format that this program
// writes, and the only one that it reads.
const RecordVersion = 1

// Record is what a carpN is configured to be: enough to start its supervisor
// anew. It prints without its password through every fmt verb and slog.
type Record struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	// NewName is set while it is being renamed; see [Dir.Rename].
	NewName string `json:"new_name,omitempty"`
	Up      bool   `json:"up"`
	// VHID is 0 while none has been set.
	VHID    carp.VHID    `json:"vhid"`
	AdvBase carp.AdvBase `json:"advbase"`
	AdvSkew carp.AdvSkew `json:"advskew"`
	// Password is kept out of encoding/json so that no record ends up in an
	// answer to somebody; the file has it all the same.
	Password string `json:"-"`
	// CarpDev is the parent that the administrator named, empty for automatic.
	CarpDev string `json:"carpdev"`
	// Parent is the one in use, chosen or named.
	Parent string `json:"parent"`
	// Addresses are the virtual addresses in the order configured.
	Addresses []netip.Prefix `json:"addresses"`
	// Inet6 is what was said of some of the IPv6 addresses; nil if nothing was.
	Inet6 map[netip.Addr]bsdif.Inet6 `json:"inet6,omitempty"`
	// Metric is for show. MTU is carpN's in bytes, 0 for its parent's.
	Metric int         `json:"metric,omitempty"`
	MTU    int         `json:"mtu,omitempty"`
	Flags  bsdif.Flags `json:"flags,omitempty"`
	// Peer and Peer6 are the only hosts to advertise to; invalid: multicast.
	Peer  netip.Addr `json:"peer,omitzero"`
	Peer6 netip.Addr `json:"peer6,omitzero"`
	// Backing is what bears the addresses, empty for a macvlan.
	Backing     string    `json:"backing,omitempty"`
	Description string    `json:"description,omitempty"`
	Groups      []string  `json:"groups,omitempty"`
	Created     time.Time `json:"created"`
}

// recordFile is a Record on disk. The password is bytes (base64) since it need
// not be UTF-8, which encoding/json would silently repair.
type recordFile struct {
	Record
	Secret []byte `json:"password"`
}

// redacted is the Record as it may be shown.
func (r Record) redacted() Record {
	r.Password = "redacted"
	return r
}

// Format implements fmt.Formatter: no verb prints the password.
func (r Record) Format(f fmt.State, verb rune) {
	type plain Record // without Format, or this would never end
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain(r.redacted()))
}

// LogValue implements slog.LogValuer: what identifies the unit.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("iface", r.Name), slog.Int("vhid", int(r.VHID)),
		slog.Int("advbase", int(r.AdvBase)), slog.Int("advskew", int(r.AdvSkew)),
		slog.String("parent", r.Parent), slog.Any("addresses", r.Addresses), slog.Bool("up", r.Up))
}

// Load reads a unit's record. The error matches fs.ErrNotExist if it has none,
// and names the file if it cannot be understood.
func (d *Dir) Load(name string) (Record, error) {
	if err := checkName(name); err != nil {
		return Record{}, err
	}
	data, err := os.ReadFile(d.file(name + recordSuffix))
	if err != nil {
		return Record{}, fmt.Errorf("record of %s: %w", name, err)
	}
	r, err := decodeRecord(data)
	if err == nil && r.NewName == name { // moved, and not written anew since
		r.Name = name
	}
	if err == nil && r.Name != name {
		err = fmt.Errorf("it is the record of %s", r.Name)
	}
	if err != nil {
		return Record{}, fmt.Errorf("record %s: %w", d.file(name+recordSuffix), err)
	}
	return r, nil
}

// Save replaces a unit's record whole, or leaves the old one. Its Version is
// set here. Only who holds the unit's lock may.
func (d *Dir) Save(r Record) error {
	r.Version = RecordVersion
	if err := r.check(); err != nil {
		return fmt.Errorf("record of %s: %w", r.Name, err)
	}
	data, err := encodeRecord(r)
	if err != nil {
		return fmt.Errorf("record of %s: %w", r.Name, err)
	}
	return d.write(r.Name+recordSuffix, data, secretMode)
}

// Remove removes all files of a unit but its lock, which [Lock.Remove] does
// last: record, ledger entries and socket. Those missing are no error.
func (d *Dir) Remove(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	// The record first: it is what makes the unit exist.
	return errors.Join(d.remove(name+recordSuffix), d.remove(name+demotionSuffix), d.remove(name+socketSuffix))
}

func (d *Dir) hasRecord(name string) bool {
	_, err := os.Lstat(d.file(name + recordSuffix))
	return !errors.Is(err, fs.ErrNotExist)
}

// check holds what is read and written to the ranges that commands obey.
func (r Record) check() error {
	if err := checkName(r.Name); err != nil {
		return err
	}
	if r.NewName != "" {
		if err := checkName(r.NewName); err != nil {
			return err
		}
	}
	if _, err := carp.NewAdvSkew(int(r.AdvSkew)); err != nil {
		return err
	}
	for _, device := range []string{r.CarpDev, r.Parent} {
		// The kernel's names, not ours: VLAN devices have dots, some colons.
		if len(device) > maxNameLen || bytes.ContainsAny([]byte(device), "/ \t\n\x00") {
			return fmt.Errorf("parent %q: not the name of an interface", device)
		}
	}
	for _, a := range r.Addresses {
		if !a.IsValid() {
			return errors.New("an address is missing its value")
		}
	}
	return nil
}

func encodeRecord(r Record) ([]byte, error) {
	data, err := json.MarshalIndent(recordFile{Record: r, Secret: []byte(r.Password)}, "", "  ")
	return append(data, '\n'), err
}

// decodeRecord is strict: a field that this program does not know is one that
// it would lose on the next save.
func decodeRecord(data []byte) (Record, error) {
	// The version first, and leniently: the rest of another version's record
	// may be anything.
	var v struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return Record{}, fmt.Errorf("damaged: %w", err)
	}
	if v.Version == nil {
		return Record{}, errors.New("damaged: no version")
	}
	if *v.Version != RecordVersion {
		return Record{}, fmt.Errorf("format version %d, and this program knows %d only", *v.Version, RecordVersion)
	}
	var file recordFile
	if err := decodeStrictly(data, &file); err != nil {
		return Record{}, fmt.Errorf("damaged: %w", err)
	}
	r := file.Record
	r.Password = string(file.Secret)
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("damaged: %w", err)
	}
	return r, nil
}

// decodeStrictly takes one JSON value with no field unknown and nothing after.
func decodeStrictly(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something follows the end")
	}
	return nil
}

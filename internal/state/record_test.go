package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

var comparePrefixes = cmp.Options{cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

func testRecord() Record {
	return Record{Version: RecordVersion, Name: "carp0", Up: true, VHID: 1, AdvBase: 1, AdvSkew: 100,
		Password: "test\xff\x00pass", CarpDev: "eth0.10", Parent: "eth0.10",
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.50/24"), netip.MustParsePrefix("fe80::1/64")},
		Created:   time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
}

func TestRecordRoundTrip(t *testing.T) {
	d := testDir(t)
	if _, err := d.Load("carp0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no record: %v", err)
	}
	want := testRecord()
	if err := d.Save(want); err != nil {
		t.Fatal(err)
	}
	got, err := d.Load("carp0")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, comparePrefixes); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(d.path + "/carp0.json")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := d.Remove("carp0"); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("carp0"); err != nil {
		t.Errorf("removing twice: %v", err)
	}
	if _, err := d.Load("carp0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func TestRecordHidesItsPassword(t *testing.T) {
	r := testRecord()
	r.Password = "sesame"
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", r)
		fmt.Fprintf(&out, verb+"\n", &r)
		fmt.Fprintf(&out, verb+"\n", struct{ R Record }{r})
		fmt.Fprintf(&out, verb+"\n", []Record{r})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("record", "r", r, "p", &r, "in", struct{ R Record }{r})
	}
	if err := json.NewEncoder(&out).Encode(r); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"sesame", fmt.Sprintf("%x", "sesame"), "c2VzYW1l"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s got out:\n%s", secret, &out)
		}
	}
	if !strings.Contains(out.String(), "Password:redacted") || !strings.Contains(out.String(), "r.iface=carp0") {
		t.Errorf("the rest is missing:\n%s", &out)
	}
}

func TestDamagedRecords(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"empty", ``, `damaged: unexpected end of JSON input`},
		{"cut", `{"version": 1, "name": "car`, `damaged: unexpected end of JSON input`},
		{"no version", `{"name": "carp0"}`, `damaged: no version`},
		{"another version", `{"version": 2, "new": {}}`, `format version 2, and this program knows 1 only`},
		{"unknown field", `{"version": 1, "name": "carp0", "new": 1}`, `damaged: json: unknown field "new"`},
		{"more behind", `{"version": 1, "name": "carp0"} {}`, `damaged: invalid character '{' after top-level value`},
		{"another's", `{"version": 1, "name": "carp1"}`, `it is the record of carp1`},
		{"advskew 255", `{"version": 1, "name": "carp0", "advskew": 255}`, `damaged: advskew 255: must be 0 to 254`},
		{"vhid 256", `{"version": 1, "name": "carp0", "vhid": 256}`, `damaged: json: cannot unmarshal number 256 into`},
		{"no address", `{"version": 1, "name": "carp0", "addresses": [""]}`, `damaged: an address is missing its value`},
		{"path", `{"version": 1, "name": "../carp0"}`, `damaged: "../carp0": not a name for an interface: invalid argument`},
		{"parent", `{"version": 1, "name": "carp0", "parent": "../all"}`, `damaged: parent "../all": not the name of an interface`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := testDir(t)
			path := d.path + "/carp0.json"
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := d.Load("carp0")
			if want := "record " + path + ": " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v\nwant %s...", err, want)
			}
		})
	}
}

func TestUnitNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../x", "a/b", ".carp0", "carp 0", "carp\n", "parents", "käse", "sixteen-letters-"} {
		if checkName(name) == nil {
			t.Errorf("%q passed", name)
		}
		d := testDir(t)
		_, loadErr := d.Load(name)
		_, lockErr := d.Acquire(name)
		_, pathErr := d.SocketPath(name)
		for _, err := range []error{loadErr, lockErr, pathErr, d.Save(Record{Name: name}), d.Remove(name), d.SetEntries(name, nil)} {
			if !errors.Is(err, unix.EINVAL) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	for _, name := range []string{"carp0", "carp4294967295", "fifteen-letters", "a.b_c"} {
		if err := checkName(name); err != nil {
			t.Error(err)
		}
	}
}

// TestShortWrite: a write that is cut short leaves the old one.
func TestShortWrite(t *testing.T) {
	d := testDir(t)
	if err := d.Save(bigRecord(1)); err != nil {
		t.Fatal(err)
	}
	p := start(t, "starve", d)
	if !strings.Contains(p.line, "file too large") {
		t.Errorf("the helper says %q", p.line)
	}
	checkFailedSave(t, d, unix.EFBIG, unix.EFBIG)
}

// TestKilledWhileSaving kills at arbitrary moments.
func TestKilledWhileSaving(t *testing.T) {
	d := testDir(t)
	if err := d.Save(bigRecord(1)); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		p := start(t, "save", d)
		time.Sleep(time.Duration(i) * 700 * time.Microsecond) // the moment is what varies
		p.kill()
		r, err := d.Load("carp0")
		if err != nil {
			t.Fatal(err)
		}
		checkWhole(t, r)
	}
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	checkNothingLeft(t, d)
}

func checkFailedSave(t *testing.T, d *Dir, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("save: %v, want %v", err, want)
	}
	r, err := d.Load("carp0")
	if err != nil {
		t.Errorf("the old record: %v", err)
		return
	}
	if checkWhole(t, r); r.AdvSkew != 1 {
		t.Errorf("not the old record: %v", r)
	}
	checkNothingLeft(t, d)
}

func checkWhole(t *testing.T, r Record) {
	t.Helper()
	generation := int(r.Addresses[0].Addr().As4()[1])
	want := bigRecord(generation)
	want.Version = RecordVersion
	if diff := cmp.Diff(want, r, comparePrefixes); diff != "" {
		t.Errorf("torn: %s", diff)
	}
}

func checkNothingLeft(t *testing.T, d *Dir) {
	t.Helper()
	files, err := os.ReadDir(d.path)
	if err != nil {
		t.Error(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

// FuzzRecord: what is decoded is encoded to the same, and nothing panics.
func FuzzRecord(f *testing.F) {
	for _, r := range []Record{testRecord(), bigRecord(3)} {
		r.Version = RecordVersion
		data, err := encodeRecord(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"version": 1, "name": "carp0", "password": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		again, err := encodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRecord(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, comparePrefixes); diff != "" {
			t.Error(diff)
		}
	})
}

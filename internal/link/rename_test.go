package link

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"
)

var renameAddrs = []Address{{Prefix: four, Lease: 4 * time.Second, NoPrefixRoute: true}, {Prefix: six, Lease: 4 * time.Second}}

// One message, and the interface is the same but for its name: renewing finds
// every address, deleting finds the interface.
func TestRenameBacking(t *testing.T) {
	f := imaginaryHost(t)
	if err := f.Claim("carp0", renameAddrs); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(f.String(), "carp0", "web")
	f.Ops()
	if err := f.RenameBacking("carp0", "web"); err != nil {
		t.Fatal(err)
	}
	wantOps(t, f, "ip link set dev carp0 name web")
	if got := f.String(); got != want {
		t.Errorf("now\n%s\nwant\n%s", got, want)
	}
	if again, err := f.Renew("web", renameAddrs); err != nil || len(again) > 0 {
		t.Errorf("renewed under the new name: %v added again, %v", again, err)
	}
	if _, err := f.Renew("carp0", renameAddrs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("renewed under the old name: %v", err)
	}
	if index, err := f.EnsureBacking("carp0", 1, mac); err != nil || index != 3 {
		t.Errorf("the old name is not free: %d, %v", index, err)
	}
	if err := f.RenameBacking("carp0", "web"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := f.DeleteBacking("web"); err != nil {
		t.Error(err)
	}
}

// A kernel before 6.2 renames no interface that is up. It must not stay down,
// whatever comes of it.
func TestRenameBackingThatIsBusy(t *testing.T) {
	for name, want := range map[string]error{"web": nil, "db": syscall.ENOMEM} {
		f := imaginaryHost(t)
		if err := f.Claim("carp0", renameAddrs); err != nil {
			t.Fatal(err)
		}
		before := f.String()
		f.Ops()
		f.FailOnce("ip link set dev carp0 name", syscall.EBUSY)
		if want != nil {
			f.FailOnce("ip link set dev carp0 name", want)
		}
		if err := f.RenameBacking("carp0", name); !errors.Is(err, want) {
			t.Errorf("renamed to %s: %v", name, err)
		}
		now, after := name, ""
		if want != nil {
			now, after = "carp0", " # cannot allocate memory"
		}
		wantOps(t, f, "ip link set dev carp0 name "+name+" # device or resource busy",
			"ip link set dev carp0 down",
			"ip link set dev carp0 name "+name+after,
			"ip addr replace 192.0.2.20/24 dev "+now+" valid_lft 4 preferred_lft 4 noprefixroute",
			"ip link set dev "+now+" up",
			"ip addr replace 2001:db8::10/64 dev "+now+" valid_lft 4 preferred_lft 0 nodad")
		if got := strings.ReplaceAll(f.String(), now, "carp0"); got != before {
			t.Errorf("now\n%s\nbefore\n%s", got, before)
		}
	}
}

// A TUN is held open, which goes by its name too.
func TestRenameTUN(t *testing.T) {
	f := imaginaryHost(t)
	if err := f.DeleteBacking("carp0"); err != nil {
		t.Fatal(err)
	}
	before := f.String()
	tun := f.TUN()
	if _, err := tun.EnsureBacking("carp0", 1, mac); err != nil {
		t.Fatal(err)
	}
	if err := tun.RenameBacking("carp0", "web"); err != nil {
		t.Fatal(err)
	}
	if err := tun.Claim("web", renameAddrs); err != nil {
		t.Error(err)
	}
	if err := tun.DeleteBacking("web"); err != nil {
		t.Error(err)
	}
	if got := f.String(); got != before {
		t.Errorf("left behind\n%s\nbefore\n%s", got, before)
	}
}

//go:build netns

package failover

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The password in hosta's file of the handbook, where a letter is wrong, and the one in
// all others.
const mistyped = "testpast"

// rcConf gives a host its file of the handbook, as its disk holds it, and returns the
// path: as printed, or with the password corrected.
func (s *stage) rcConf(h *netlab.Host, corrected bool) string {
	s.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", h.Name()+".rc.conf"))
	s.must(err)
	if corrected {
		data = bytes.ReplaceAll(data, []byte(mistyped), []byte(password))
	}
	path := filepath.Join(h.Dir(), "rc.conf")
	s.must(os.WriteFile(path, data, 0o600))
	return path
}

// booted is what a host does at boot.
func (s *stage) booted(h *netlab.Host, file string) (out string) {
	s.Helper()
	return s.on(h, "ifconfig-carp rc start -f "+file)
}

// The three files of the handbook make the reference set-up. A host that is booted anew
// is what it was, with what the others have become meanwhile.
func TestHandbookBoots(t *testing.T) {
	s := newStage(t)
	files := map[*netlab.Host]string{}
	for _, h := range s.servers() {
		files[h] = s.rcConf(h, true)
	}
	// The web hosts first, as the handbook assumes: there is no preemption.
	for _, h := range []*netlab.Host{s.hosta, s.hostb} {
		if out := s.booted(h, files[h]); !strings.HasPrefix(out, "Created clone interfaces: carp0.\nStarting Network: carp0.\ncarp0: flags=") {
			t.Errorf("%s printed %s", h.Name(), out)
		}
		s.await(h, "carp0", master)
	}
	s.booted(s.provider, files[s.provider])
	s.await(s.provider, "carp0", backup)
	s.await(s.provider, "carp1", backup)
	w1 := s.watch(virtual1, s.hosta)
	w2 := s.watch(virtual2, s.hostb)
	before := s.configured(s.hosta)

	// hosta is booted: its processes are killed, its interfaces and its /run are gone.
	since := s.powerOff(s.hosta)
	s.awaitSince(s.provider, "carp0", master, since)
	w1.served(s.provider)
	s.must(s.hosta.PowerOn(s.Context()))
	since = time.Now()
	s.booted(s.hosta, files[s.hosta])
	s.awaitSince(s.hosta, "carp0", backup, since)
	if after := s.configured(s.hosta); after != before {
		t.Errorf("hosta is booted with\n%s\nbefore it was\n%s", after, before)
	}
	s.on(s.hosta, "ifconfig-carp rc status -f "+files[s.hosta])
	s.pass(deadTime)
	s.expect(s.hosta, backup) // without preemption it does not take back what it had
	s.expect(s.provider, master)

	// It gets it back by the nudge; nobody but it has anything to do.
	s.on(s.provider, nudge)
	s.await(s.hosta, "carp0", master)
	w1.served(s.hosta)

	// And provider: both its interfaces are back, and nobody noticed.
	since = s.powerOff(s.provider)
	s.must(s.provider.PowerOn(s.Context()))
	s.booted(s.provider, files[s.provider])
	s.awaitSince(s.provider, "carp0", backup, since)
	s.awaitSince(s.provider, "carp1", backup, since)
	s.on(s.provider, "ifconfig-carp rc status -f "+files[s.provider])
	w1.served(s.hosta)
	w2.served(s.hostb)
	if r := w2.Stop(); r.Lost > 0 {
		t.Errorf("%d requests to %v were lost, though hostb never went away", r.Lost, virtual2)
	}
	w1.Stop()
	s.neverTwo("1")
	s.neverTwo("2")
}

// configured is what a host's carp0 is configured to be, whatever state it is in.
func (s *stage) configured(h *netlab.Host) string {
	s.Helper()
	var kept []string
	for line := range strings.Lines(s.on(h, "ifconfig-carp -k carp0")) {
		line = strings.NewReplacer("MASTER", "*", "BACKUP", "*").Replace(line)
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// As printed, with the letter that is wrong, the files are read, and the hosts do what
// BSD's would: hosta and provider do not believe each other, and both are MASTER.
func TestHandbookAsPrinted(t *testing.T) {
	s := newStage(t)
	s.booted(s.hosta, s.rcConf(s.hosta, false))
	s.booted(s.hostb, s.rcConf(s.hostb, false))
	s.await(s.hostb, "carp0", master)
	s.booted(s.provider, s.rcConf(s.provider, false))
	s.await(s.hosta, "carp0", master)
	s.await(s.provider, "carp0", master)
	s.await(s.provider, "carp1", backup)
	s.expect(s.hosta, master)
	s.must(waitFor(s, "provider to name hosta as the host with another password", func() (bool, string) {
		st := s.status(s.provider, "carp0")
		for _, p := range st.Peers {
			if p.Address.String() == "192.168.1.3" && p.Verdicts["bad authentication"] > 0 {
				return true, ""
			}
		}
		return false, strings.TrimSpace(s.on(s.provider, "ifconfig-carp -v carp0"))
	}))
}

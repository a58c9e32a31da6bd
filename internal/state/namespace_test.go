package state

import (
	"os"
	"path/filepath"
	"testing"
)

// host makes locators of simulated namespaces that share a folder.
type host string

func (h host) namespace(id string, isMain bool) locator {
	return locator{base: string(h), identity: func() (string, error) { return id, nil }, isMain: func() bool { return isMain }}
}

func opened(t *testing.T, l locator) *Dir {
	t.Helper()
	d, err := l.open()
	if err != nil {
		t.Fatal(err)
	}
	if found, err := l.find(); err != nil || found.Path() != d.Path() {
		t.Errorf("Open gave %s, and Find %v, %v", d.Path(), found, err)
	}
	return d
}

func TestEachNamespaceItsFolder(t *testing.T) {
	base := filepath.Join(t.TempDir(), "run")
	h := host(base)
	if d := opened(t, h.namespace("7", false)); d.Path() != base+"/netns-7" {
		t.Errorf("a namespace that is not the main one: %s", d.Path())
	}
	if d := opened(t, h.namespace("1", true)); d.Path() != base {
		t.Errorf("the main namespace: %s", d.Path())
	}
	owner, err := os.ReadFile(base + "/netns")
	if err != nil || string(owner) != "1\n" {
		t.Errorf("netns file %q, %v", owner, err)
	}
	info, err := os.Stat(base + "/netns")
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("netns file: %v, %v", info.Mode(), err)
	}
	// Ordinary users cannot compare with process 1, and find it all the same.
	if d := opened(t, h.namespace("1", false)); d.Path() != base {
		t.Errorf("the main namespace, seen by a user: %s", d.Path())
	}
	if d := opened(t, h.namespace("8", false)); d.Path() != base+"/netns-8" {
		t.Errorf("a third: %s", d.Path())
	}
}

// A container without its own /run has a process 1 of its own in a namespace
// of its own: it gets the default folder only if nobody lives there.
func TestSharedRun(t *testing.T) {
	base := filepath.Join(t.TempDir(), "run")
	h := host(base)
	d := opened(t, h.namespace("1", true))
	lock, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	container := h.namespace("9", true)
	if d := opened(t, container); d.Path() != base+"/netns-9" {
		t.Errorf("the container beside a living host: %s", d.Path())
	}
	lock.Release()
	if d := opened(t, container); d.Path() != base+"/netns-9" {
		t.Errorf("the container moved away from its own folder: %s", d.Path())
	}
	if d := opened(t, h.namespace("1", true)); d.Path() != base {
		t.Errorf("the host: %s", d.Path())
	}
	// A /run that outlived its boot belongs to the next main namespace.
	if d := opened(t, h.namespace("10", true)); d.Path() != base {
		t.Errorf("after a restart: %s", d.Path())
	}
}

func TestNamespaceIdentityIsStable(t *testing.T) {
	a, err := namespaceIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := namespaceIdentity(); err != nil || a != b || a == "" {
		t.Errorf("%q, then %q, %v", a, b, err)
	}
}

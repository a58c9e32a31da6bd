//go:build netns

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The stage alone, with a program that does nothing: the web servers answer on
// virtual addresses that came after them, the name server turns its answers, and a
// host that was powered off serves again after power on.
func TestStage(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"carp: MASTER vhid 1 advbase 1 advskew 0\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s, err := newStage(t.Context(), &out, program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.lab.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	assign := func(h *netlab.Host, addr string) {
		t.Helper()
		if _, err := h.Run(ctx, "ip", "addr", "add", addr+"/24", "dev", "eth0"); err != nil {
			t.Fatal(err)
		}
	}
	assign(s.hosta, virtual1.String())
	assign(s.hostb, virtual2.String())
	if err := s.awaitPage(ctx, virtual1, s.hosta); err != nil {
		t.Error(err)
	}
	if err := s.awaitPage(ctx, virtual2, s.hostb); err != nil {
		t.Error(err)
	}
	if err := s.lookUp(ctx); err != nil {
		t.Error(err)
	}
	if state, line := s.state(ctx, s.hosta, "carp0"); state != "MASTER" {
		t.Errorf("state %q of %q, want MASTER", state, line)
	}
	if err := s.powerOff(ctx, s.hosta); err != nil {
		t.Fatal(err)
	}
	if who, err := s.serving(virtual1); err == nil {
		t.Errorf("%v is served by %q with hosta powered off", virtual1, who)
	}
	if err := s.powerOn(ctx, s.hosta); err != nil {
		t.Fatal(err)
	}
	assign(s.hosta, virtual1.String())
	if err := s.awaitPage(ctx, virtual1, s.hosta); err != nil {
		t.Error(err)
	}
	t.Log(out.String())
}

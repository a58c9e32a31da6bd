package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// site is the name of the web site that the hosts serve.
const site = "www.example.org"

// The site's two virtual addresses, in the DNS and on the hosts.
var (
	virtual1 = netip.MustParseAddr("192.168.1.50")
	virtual2 = netip.MustParseAddr("192.168.1.51")
)

// stage is the LAN of the demo.
type stage struct {
	out    io.Writer
	lab    *netlab.Lab
	binary string // the copy that the hosts find in their PATH

	hosta, hostb, provider, dns, client *netlab.Host
}

// newStage makes the hosts and starts the web and name servers.
func newStage(ctx context.Context, out io.Writer, binary string) (*stage, error) {
	lab, err := netlab.New(ctx)
	if err != nil {
		return nil, err
	}
	s := &stage{out: out, lab: lab}
	if err := s.build(ctx, binary); err != nil {
		_ = lab.Close()
		return nil, err
	}
	return s, nil
}

func (s *stage) build(ctx context.Context, binary string) error {
	if err := s.install(binary); err != nil {
		return err
	}
	for _, h := range []struct {
		host **netlab.Host
		name string
		addr string
	}{
		{&s.hosta, "hosta", "192.168.1.3/24"},
		{&s.hostb, "hostb", "192.168.1.4/24"},
		{&s.provider, "provider", "192.168.1.5/24"},
		{&s.dns, "dns", "192.168.1.2/24"},
		{&s.client, "client", "192.168.1.10/24"},
	} {
		made, err := s.lab.Host(h.name, netip.MustParsePrefix(h.addr))
		if err != nil {
			return err
		}
		made.Setenv("PATH", filepath.Dir(s.binary)+":"+os.Getenv("PATH"))
		made.Setenv("IFCONFIG_CARP_STATE", stateDir(made))
		*h.host = made
	}
	for _, h := range s.servers() {
		if err := startWeb(ctx, h); err != nil {
			return err
		}
	}
	return startDNS(ctx, s.dns)
}

// install copies the binary into the lab under its real name, so that the hosts
// can type ifconfig-carp.
func (s *stage) install(binary string) error {
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	bin := filepath.Join(s.lab.Dir(), "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	s.binary = filepath.Join(bin, "ifconfig-carp")
	return os.WriteFile(s.binary, program, 0o755)
}

// servers are the hosts with the web site.
func (s *stage) servers() []*netlab.Host {
	return []*netlab.Host{s.hosta, s.hostb, s.provider}
}

// stateDir stands for /run on a host of its own.
func stateDir(h *netlab.Host) string { return filepath.Join(h.Dir(), "run") }

// powerOff cuts the power: what a host keeps in /run is lost.
func (s *stage) powerOff(ctx context.Context, h *netlab.Host) error {
	fmt.Fprintf(s.out, "(power off %s)\n", h.Name())
	if err := h.PowerOff(ctx); err != nil {
		return err
	}
	return os.RemoveAll(stateDir(h))
}

// powerOn boots a host with its web server.
func (s *stage) powerOn(ctx context.Context, h *netlab.Host) error {
	fmt.Fprintf(s.out, "(power on %s)\n", h.Name())
	if err := h.PowerOn(ctx); err != nil {
		return err
	}
	return startWeb(ctx, h)
}

// heading begins a part of the demo.
func (s *stage) heading(format string, args ...any) {
	fmt.Fprintf(s.out, "\n== "+format+"\n\n", args...)
}

// say prints a line.
func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// run types a command on a host and shows it with its output.
func (s *stage) run(ctx context.Context, h *netlab.Host, line string) error {
	fmt.Fprintf(s.out, "%s# %s\n", h.Name(), line)
	text, err := h.Run(ctx, "sh", "-c", line)
	fmt.Fprint(s.out, text)
	return err
}

// state asks a host for the state of a carp interface: the second word of the line
// "carp: MASTER vhid 1 advbase 1 advskew 0".
func (s *stage) state(ctx context.Context, h *netlab.Host, ifname string) (state, line string) {
	text, err := h.Run(ctx, "ifconfig-carp", ifname)
	if err != nil {
		return "", err.Error()
	}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "carp:" {
			return words[1], strings.TrimSpace(line)
		}
	}
	return "", text
}

// await waits until a carp interface is in a state, and shows it.
func (s *stage) await(ctx context.Context, h *netlab.Host, ifname, want string, within time.Duration) error {
	var line string
	what := fmt.Sprintf("%s on %s to be %s", ifname, h.Name(), want)
	err := netlab.Wait(ctx, within, what, func() (bool, string) {
		state, text := s.state(ctx, h, ifname)
		line = text
		return state == want, text
	})
	if err == nil {
		s.say("%-9s %s: %s", h.Name(), ifname, line)
	}
	return err
}

// stays watches that a carp interface keeps its state for a time.
func (s *stage) stays(ctx context.Context, h *netlab.Host, ifname, want string, long time.Duration) error {
	var left error
	start := time.Now()
	err := netlab.Wait(ctx, long+5*time.Second, "time to pass", func() (bool, string) {
		if state, line := s.state(ctx, h, ifname); state != want {
			left = fmt.Errorf("%s on %s did not stay %s: %s", ifname, h.Name(), want, line)
		}
		return left != nil || time.Since(start) > long, ""
	})
	return errors.Join(left, err)
}

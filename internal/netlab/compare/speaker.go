package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// speaker is a program that keeps an address alive.
type speaker interface {
	name() string
	// start makes a host a member: number 0 is the one that is to be MASTER.
	start(ctx context.Context, h *netlab.Host, number int) error
	// processes are the program's on a host, the one to stop first.
	processes(h *netlab.Host) ([]netlab.Process, error)
}

// skew is the advskew of a member.
func skew(number int) string { return fmt.Sprint(100 * number) }

// found are the processes of a host whose file has a name, parents first.
func found(h *netlab.Host, name string) (list []netlab.Process, err error) {
	all, err := h.Processes()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if filepath.Base(p.Args[0]) == name {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s does not run on %s", name, h.Name())
	}
	slices.SortFunc(list, func(a, b netlab.Process) int { return a.PID - b.PID })
	return list, nil
}

// launch starts a command that ends with its host at the latest. What it prints goes to
// the host's folder.
func launch(ctx context.Context, h *netlab.Host, argv ...string) error {
	f, err := os.Create(filepath.Join(h.Dir(), filepath.Base(argv[0])+".out"))
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := h.Command(ctx, argv...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// ours is this program.
type ours struct{ binary string }

func (ours) name() string { return "ifconfig-carp" }

func (p ours) start(ctx context.Context, h *netlab.Host, number int) error {
	h.Setenv("IFCONFIG_CARP_STATE", filepath.Join(h.Dir(), "run"))
	h.Setenv("IFCONFIG_CARP_LOG", filepath.Join(h.Dir(), "log"))
	for _, line := range []string{"carp0 create", "carp0 vhid 1 advskew " + skew(number) + " pass " + password + " " + virtual.String() + "/24"} {
		if _, err := h.Run(ctx, append([]string{p.binary}, strings.Fields(line)...)...); err != nil {
			return err
		}
	}
	return nil
}

func (ours) processes(h *netlab.Host) ([]netlab.Process, error) { return found(h, "ifconfig-carp") }

// ucarp is Frank Denis's, as Debian has it. Its scripts add and delete the address.
type ucarp struct{}

func (ucarp) name() string { return "ucarp" }

func (ucarp) start(ctx context.Context, h *netlab.Host, number int) error {
	argv := []string{"ucarp", "-i", "eth0", "-s", fmt.Sprintf("192.168.1.%d", 3+number), "-v", "1", "-p", password,
		"-a", virtual.String(), "-k", skew(number), "-z"}
	for option, verb := range map[string]string{"-u": "add", "-d": "del"} {
		script := filepath.Join(h.Dir(), verb)
		text := fmt.Sprintf("#!/bin/sh\nip addr %s $2/32 dev $1\n", verb)
		if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
			return err
		}
		argv = append(argv, option, script)
	}
	return launch(ctx, h, argv...)
}

func (ucarp) processes(h *netlab.Host) ([]netlab.Process, error) { return found(h, "ucarp") }

// keepalived is Alexandre Cassen's, as Debian has it, with the virtual MAC.
type keepalived struct{}

func (keepalived) name() string { return "keepalived" }

func (keepalived) start(ctx context.Context, h *netlab.Host, number int) error {
	config := filepath.Join(h.Dir(), "keepalived.conf")
	text := fmt.Sprintf(`global_defs {
  vrrp_version 3
}
vrrp_instance group {
  state BACKUP
  interface eth0
  use_vmac
  vmac_xmit_base
  virtual_router_id 1
  priority %d
  advert_int 1
  virtual_ipaddress {
    %v/24
  }
}
`, 200-100*number, virtual)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	return launch(ctx, h, "keepalived", "-n", "-l", "-G", "-P", "-f", config,
		"-p", filepath.Join(h.Dir(), "pid"), "-r", filepath.Join(h.Dir(), "vrrp.pid"))
}

func (keepalived) processes(h *netlab.Host) ([]netlab.Process, error) { return found(h, "keepalived") }

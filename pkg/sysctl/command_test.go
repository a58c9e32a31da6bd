package sysctl

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

const everything = `net.inet.carp.ifdown_demotion_factor: 240
net.inet.carp.senderr_demotion_factor: 240
net.inet.carp.demotion: 0
net.inet.carp.log: 1
net.inet.carp.preempt: 0
net.inet.carp.dscp: 56
net.inet.carp.arpbalance: 0
net.inet.carp.allow: 1
net.inet.carp.suppress_preempt: 0
`

// usage is what a person sees who has mistyped.
var usage = usageOf("ifconfig-carp sysctl")

const names = `net.inet.carp.ifdown_demotion_factor
net.inet.carp.senderr_demotion_factor
net.inet.carp.demotion
net.inet.carp.log
net.inet.carp.preempt
net.inet.carp.dscp
net.inet.carp.arpbalance
net.inet.carp.allow
net.inet.carp.suppress_preempt
net.inet.carp.stats
`

// TestTexts has one row per text of sysctl(8) that a person can meet. Each
// begins with the defaults.
func TestTexts(t *testing.T) {
	tests := []struct {
		args string // divided at "|"
		want string
	}{
		// Reading.
		{"net.inet.carp.preempt", "net.inet.carp.preempt: 0\n"},
		{"-e|net.inet.carp.preempt", "net.inet.carp.preempt=0\n"},
		{"-n|net.inet.carp.preempt", "0\n"},
		{"-ne|net.inet.carp.preempt", "0\n"},
		{"-N|net.inet.carp.preempt", "net.inet.carp.preempt\n"},
		{"-d|net.inet.carp.dscp", "net.inet.carp.dscp: DSCP value for carp packets\n"},
		{"-nd|net.inet.carp.dscp", "DSCP value for carp packets\n"},
		{"-t|net.inet.carp.log", "net.inet.carp.log: integer\n"},
		{"-td|net.inet.carp.log", "net.inet.carp.log: integer: CARP log level\n"},
		{"-tde|net.inet.carp.log", "net.inet.carp.log=integer=CARP log level\n"},
		{"--|net.inet.carp.log", "net.inet.carp.log: 1\n"},
		{"net.inet.carp.log|net.inet.carp.allow", "net.inet.carp.log: 1\nnet.inet.carp.allow: 1\n"},
		{"net.inet.carp", everything},
		{"net.inet", everything},
		{"net.inet.carp.", everything},
		{"net.inet.carp.log.", "net.inet.carp.log: 1\n"},
		{"net.inet.carp.log.=2", "net.inet.carp.log: 1 -> 2\n"},
		{"net", everything},
		{"-a", everything},
		{"-an", "240\n240\n0\n1\n0\n56\n0\n1\n0\n"},
		{"-a|-e", strings.ReplaceAll(everything, ": ", "=")},
		{"-N|net.inet.carp", names},
		{"-aN", names},
		{"-d|net.inet.carp", `net.inet.carp: CARP
net.inet.carp.ifdown_demotion_factor: Interface down demotion factor adjustment
net.inet.carp.senderr_demotion_factor: Send error demotion factor adjustment
net.inet.carp.demotion: Adjust demotion factor (skew of advskew)
net.inet.carp.log: CARP log level
net.inet.carp.preempt: High-priority backup preemption mode
net.inet.carp.dscp: DSCP value for carp packets
net.inet.carp.arpbalance: balance arp responses
net.inet.carp.allow: Accept incoming CARP packets
net.inet.carp.suppress_preempt: Preemption is suppressed
net.inet.carp.stats: CARP statistics (struct carpstats, netinet/ip_carp.h)
`},

		// Writing.
		{"net.inet.carp.preempt=1", "net.inet.carp.preempt: 0 -> 1\n"},
		{"net.inet.carp.preempt:1", "net.inet.carp.preempt: 0 -> 1\n"},
		{"-n|net.inet.carp.preempt=1", "0 -> 1\n"},
		{"-e|net.inet.carp.preempt=1", "net.inet.carp.preempt=0 -> 1\n"},
		{"-w|net.inet.carp.preempt=1", "net.inet.carp.preempt: 0 -> 1\n"},
		{"-q|net.inet.carp.preempt=1", "net.inet.carp.preempt: 0 -> 1\n"},
		{"-d|net.inet.carp.log=2|net.inet.carp.log:2", "net.inet.carp.log: CARP log level\nnet.inet.carp.log: CARP log level\n"},
		{"net.inet.carp.preempt=-7", "net.inet.carp.preempt: 0 -> 1\n"},
		{"net.inet.carp.preempt=4294967296", "net.inet.carp.preempt: 0 -> 1\n"},
		{"net.inet.carp.allow=0|net.inet.carp.allow", "net.inet.carp.allow: 1 -> 0\nnet.inet.carp.allow: 0\n"},
		{`net.inet.carp.log="2"`, "net.inet.carp.log: 1 -> 2\n"},
		{`net.inet.carp.log='2'`, "net.inet.carp.log: 1 -> 2\n"},
		{`net.inet.carp.log =  2`, "net.inet.carp.log: 1 -> 2\n"},
		{"net.inet.carp.dscp=0x10", "net.inet.carp.dscp: 56 -> 16\n"},
		{"net.inet.carp.dscp=010", "net.inet.carp.dscp: 56 -> 8\n"},
		{"net.inet.carp.dscp=+8", "net.inet.carp.dscp: 56 -> 8\n"},
		{"net.inet.carp.dscp=0", "net.inet.carp.dscp: 56 -> 0\n"},
		{"net.inet.carp.dscp=8 ,", "net.inet.carp.dscp: 56 -> 8\n"},
		{"net.inet.carp.dscp=63", "net.inet.carp.dscp: 56 -> 63\n"},
		{"net.inet.carp.demotion=100|net.inet.carp.demotion=-30|net.inet.carp.demotion",
			"net.inet.carp.demotion: 0 -> 100\nnet.inet.carp.demotion: 100 -> 70\nnet.inet.carp.demotion: 70\n"},

		// Errors.
		{"net.inet.carp.x", "ifconfig-carp: unknown oid 'net.inet.carp.x'\nstatus 1\n"},
		{"net.inet.carp.x=1", "ifconfig-carp: unknown oid 'net.inet.carp.x'\nstatus 1\n"},
		{"net.inet.carp..", "ifconfig-carp: unknown oid 'net.inet.carp..'\nstatus 1\n"},
		{".", "ifconfig-carp: unknown oid '.'\nstatus 1\n"},
		{"net.inet.carp.=1", "ifconfig-carp: oid 'net.inet.carp.' isn't a leaf node\nstatus 1\n"},
		{"", "ifconfig-carp: unknown oid ''\nstatus 1\n"},
		{"-i|x|y=1", ""},
		{"-q|x|y=1", "status 2\n"},
		{"x|net.inet.carp.log|y", "ifconfig-carp: unknown oid 'x'\nnet.inet.carp.log: 1\nifconfig-carp: unknown oid 'y'\nstatus 2\n"},
		{"net.inet.carp=1", "ifconfig-carp: oid 'net.inet.carp' isn't a leaf node\nstatus 1\n"},
		{"net.inet.carp.log=", "ifconfig-carp: empty numeric value\nstatus 1\n"},
		{`net.inet.carp.log="`, "ifconfig-carp: empty numeric value\nstatus 1\n"},
		{"net.inet.carp.log=abc", "ifconfig-carp: invalid integer 'abc'\nstatus 1\n"},
		{"net.inet.carp.log=1.5", "ifconfig-carp: invalid integer '1.5'\nstatus 1\n"},
		{"net.inet.carp.log=1_0", "ifconfig-carp: invalid integer '1_0'\nstatus 1\n"},
		{"net.inet.carp.log=0b1", "ifconfig-carp: invalid integer '0b1'\nstatus 1\n"},
		{"net.inet.carp.log=08", "ifconfig-carp: invalid integer '08'\nstatus 1\n"},
		{"net.inet.carp.log=0x", "ifconfig-carp: invalid integer '0x'\nstatus 1\n"},
		{"net.inet.carp.log=0x+1", "ifconfig-carp: invalid integer '0x+1'\nstatus 1\n"},
		{"net.inet.carp.log=--1", "ifconfig-carp: invalid integer '--1'\nstatus 1\n"},
		{"net.inet.carp.log=1 x", "ifconfig-carp: invalid integer 'x'\nstatus 1\n"},
		{"net.inet.carp.log=1 2", "ifconfig-carp: net.inet.carp.log=1 2: Invalid argument\n" +
			"hint: net.inet.carp.log: 1 2: must be one number\nstatus 1\n"},
		{"net.inet.carp.log= ,", "ifconfig-carp: empty numeric value\nstatus 1\n"},
		{"net.inet.carp.dscp=64", "ifconfig-carp: net.inet.carp.dscp=64: Invalid argument\n" +
			"hint: net.inet.carp.dscp: 64: must be 0 to 63\nstatus 1\n"},
		{"net.inet.carp.dscp:-1", "ifconfig-carp: net.inet.carp.dscp:-1: Invalid argument\n" +
			"hint: net.inet.carp.dscp: -1: must be 0 to 63\nstatus 1\n"},
		{"net.inet.carp.log=-1", "ifconfig-carp: net.inet.carp.log=-1: Invalid argument\n" +
			"hint: net.inet.carp.log: -1: must be 0 or more\nstatus 1\n"},
		{"net.inet.carp.log=4294967297", "ifconfig-carp: net.inet.carp.log=4294967297: Invalid argument\n" +
			"hint: net.inet.carp.log: 4294967297: must be 0 to 2147483647\nstatus 1\n"},
		{"net.inet.carp.ifdown_demotion_factor=99999999999999999999",
			"ifconfig-carp: invalid integer '99999999999999999999'\nstatus 1\n"},
		{"net.inet.carp.ifdown_demotion_factor=1000001",
			"ifconfig-carp: net.inet.carp.ifdown_demotion_factor=1000001: Invalid argument\n" +
				"hint: net.inet.carp.ifdown_demotion_factor: 1000001: must be -1000000 to 1000000\nstatus 1\n"},
		{"net.inet.carp.demotion=1000000|net.inet.carp.demotion=1", "net.inet.carp.demotion: 0 -> 1000000\n" +
			"ifconfig-carp: net.inet.carp.demotion=1: Invalid argument\n" +
			"hint: net.inet.carp.demotion: 1000001: must be -1000000 to 1000000\n" +
			"hint: net.inet.carp.demotion: the administrator's part is 1000000, and a write adds to it\nstatus 1\n"},
		{"-z|net", "ifconfig-carp: illegal option -- z\n" + usage + "status 1\n"},
		{"-B", "ifconfig-carp: option requires an argument -- B\n" + usage + "status 1\n"},
		{"-nN|net", usage + "status 1\n"},
		{"-lN|net", usage + "status 1\n"},
		{"-n", usage + "status 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, run(t, folder(t), strings.Split(tt.args, "|")...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoOperands(t *testing.T) {
	if got := run(t, folder(t)); got != usage+"status 1\n" {
		t.Error(got)
	}
}

// TestDemotionIsTheHostsSum: the supervisors' reasons and the administrator's.
func TestDemotionIsTheHostsSum(t *testing.T) {
	d := folder(t)
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if err := d.SetEntries("carp0", []state.Entry{{Name: "interface down", Value: 240}}); err != nil {
		t.Fatal(err)
	}
	if got := run(t, d, "net.inet.carp.demotion=-40"); got != "net.inet.carp.demotion: 240 -> 200\n" {
		t.Error(got)
	}
	ledger, err := Demotion(d)
	if err != nil || ledger.Sum() != 200 || len(ledger) != 2 || ledger[1].Value != -40 {
		t.Errorf("%v, %v", ledger, err)
	}
	l.Release()
	if got := run(t, d, "net.inet.carp.demotion"); got != "net.inet.carp.demotion: -40\n" {
		t.Errorf("after the supervisor's death: %s", got)
	}
}

func TestNotRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	d := folder(t)
	run(t, d, "net.inet.carp.log=2")
	want := `net.inet.carp.log: 2
ifconfig-carp: net.inet.carp.dscp=64: Operation not permitted
hint: only root may write: state folder: open FOLDER/lock: permission denied
status 1
`
	if diff := cmp.Diff(want, runAs(t, "user", d, "net.inet.carp.log", "net.inet.carp.dscp=64")); diff != "" {
		t.Error(diff)
	}
}

// TestFullDisk: the old value stays, and the failure is the operand's.
func TestFullDisk(t *testing.T) {
	d := folder(t)
	run(t, d, "net.inet.carp.log=2")
	got := runAs(t, "full", d, "net.inet.carp.log=3", "net.inet.carp.log")
	want := "ifconfig-carp: net.inet.carp.log=3: File too large\nhint: write FOLDER/sysctl.conf: "
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\nnet.inet.carp.log: 2\nstatus 1\n") {
		t.Error(got)
	}
}

// TestDamagedFile: what can be read counts, the rest is told of once, and the
// next write mends the file.
func TestDamagedFile(t *testing.T) {
	d := folder(t)
	damaged := "net.inet.carp.preempt=1\nnet.inet.carp.dscp=99\nnet.inet.carp.new=1\n\x00\xff\nnet.inet.carp.log\n"
	if err := os.WriteFile(d.KnobsPath(), []byte(damaged), 0o644); err != nil {
		t.Fatal(err)
	}
	complaints := "ifconfig-carp: FILE:2: net.inet.carp.dscp=99: Invalid argument\n" +
		"ifconfig-carp: FILE:3: unknown oid 'net.inet.carp.new'\n" +
		"ifconfig-carp: FILE:4: unknown oid '??'\n" +
		"ifconfig-carp: FILE:5: net.inet.carp.log: no value\n"
	see := func(args ...string) string {
		return strings.ReplaceAll(run(t, d, args...), d.KnobsPath(), "FILE")
	}
	want := complaints + "net.inet.carp.preempt: 1\nnet.inet.carp.dscp: 56\n"
	if diff := cmp.Diff(want, see("net.inet.carp.preempt", "net.inet.carp.dscp")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(complaints+"net.inet.carp.allow: 1 -> 0\n", see("net.inet.carp.allow=0")); diff != "" {
		t.Error(diff)
	}
	data, err := d.ReadKnobs()
	if want := "net.inet.carp.preempt=1\nnet.inet.carp.allow=0\n"; err != nil || string(data) != want {
		t.Errorf("%q, %v", data, err)
	}
}

func TestRefusedFolder(t *testing.T) {
	d := folder(t)
	if err := os.Chmod(d.Path(), 0o777); err != nil {
		t.Fatal(err)
	}
	want := "ifconfig-carp: state folder FOLDER: may be written by others (mode 0777)\nhint: run chmod go-w FOLDER\nstatus 1\n"
	for _, arg := range []string{"net.inet.carp.log", "net.inet.carp.log=1"} {
		if diff := cmp.Diff(want, strings.ReplaceAll(run(t, d, arg), d.Path(), "FOLDER")); diff != "" {
			t.Errorf("%s: %s", arg, diff)
		}
	}
}

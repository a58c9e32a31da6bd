package sysctl

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// The options that say in what form a value is shown, as FreeBSD's show_var() takes
// them. Each row begins with the defaults.
func TestForms(t *testing.T) {
	raw := func(n uint32) string { return string(binary.NativeEndian.AppendUint32(nil, n)) }
	const dump = "Format:S,carpstats Length:18 Dump:0x30313233343536373839616263646566"
	for _, tt := range []struct {
		args string // divided at "|"
		want string
	}{
		{"-x|net.inet.carp.dscp", "net.inet.carp.dscp: 0x00000038\n"},
		{"-x|net.inet.carp.preempt", "net.inet.carp.preempt: 0000000000\n"},
		{"-x|net.inet.carp.demotion=-1", "net.inet.carp.demotion: 0000000000 -> 0xffffffff\n"},
		{"-l|net.inet.carp.dscp", "net.inet.carp.dscp: 4: 56\n"},
		{"-le|net.inet.carp.dscp", "net.inet.carp.dscp=4=56\n"},
		{"-nl|net.inet.carp.dscp=1", "4: 56 -> 4: 1\n"},
		{"-h|net.inet.carp.log=1234567", "net.inet.carp.log: 1 -> 1,234,567\n"},
		{"-h|net.inet.carp.log=999", "net.inet.carp.log: 1 -> 999\n"},
		{"-h|net.inet.carp.demotion=-123456", "net.inet.carp.demotion: 0 -> -123,456\n"},
		{"-b|net.inet.carp.dscp", raw(56)},
		{"-b|net.inet.carp.dscp=1|net.inet.carp.dscp", raw(56) + raw(1) + raw(1)},
		{"-bN|net.inet.carp.dscp", "net.inet.carp.dscp\n"},
		{"-B|4|net.inet.carp.dscp", "net.inet.carp.dscp: 56\n"},
		{"-B3|net.inet.carp.dscp", ""},
		{"-nB0x10|net.inet.carp.dscp", "56\n"},
		{"-Bmuch|net.inet.carp.dscp", "net.inet.carp.dscp: 56\n"},
		{"-t|net.inet.carp.dscp=1", "net.inet.carp.dscp: integer -> integer\n"},

		// The structure.
		{"net.inet.carp.stats", ""},
		{"-o|net.inet.carp.stats", "net.inet.carp.stats: " + dump + "...\n"},
		{"-x|net.inet.carp.stats", "net.inet.carp.stats: " + dump + "6768\n"},
		{"-ol|net.inet.carp.stats", "net.inet.carp.stats: 18: " + dump + "...\n"},
		{"-nb|net.inet.carp.stats", structure},
		{"-oB|17|net.inet.carp.stats", ""},
		{"-td|net.inet.carp.stats", "net.inet.carp.stats: opaque: CARP statistics (struct carpstats, netinet/ip_carp.h)\n"},
		{"-A", everything + "net.inet.carp.stats: " + dump + "...\n"},
		{"-nX", "0x000000f0\n0x000000f0\n0000000000\n0x00000001\n0000000000\n0x00000038\n0000000000\n0x00000001\n0000000000\n" + dump + "6768\n"},
		{"net.inet.carp.stats=0", "ifconfig-carp: oid 'net.inet.carp.stats' is type 5, cannot set that\nstatus 1\n"},

		// What can be written, and what the boot loader sets, which is nothing.
		{"-WN|net.inet.carp", strings.ReplaceAll(names, "net.inet.carp.suppress_preempt\n", "")},
		{"-W|net.inet.carp.suppress_preempt|net.inet.carp.log", "net.inet.carp.log: 1\n"},
		{"-Ta", ""},
		{"-T|net.inet.carp.log", ""},
		{"-Td|net.inet.carp", ""},
		{"-W|net.inet.carp.log=2", "ifconfig-carp: Can't set variables when using -T or -W\n" + usage + "status 1\n"},
		{"net.inet.carp.suppress_preempt=1", "ifconfig-carp: oid 'net.inet.carp.suppress_preempt' is read only\nstatus 1\n"},

		// The word that no BSD has.
		{"net.inet.carp.dscp=1|net.inet.carp.dscp=default", "net.inet.carp.dscp: 56 -> 1\nnet.inet.carp.dscp: 1 -> 56\n"},
		{"net.inet.carp.demotion=5|net.inet.carp.demotion:default", "net.inet.carp.demotion: 0 -> 5\nnet.inet.carp.demotion: 5 -> 0\n"},

		// Elsewhere.
		{"-nj|red|-e|net.inet.carp.log", `ifconfig-carp: in red: ["-n" "-e" "--" "net.inet.carp.log"]` + "\nstatus 1\n"},
		{"-jred|-f|file|-B8", `ifconfig-carp: in red: ["-f" "file" "-B" "8" "--"]` + "\nstatus 1\n"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, run(t, folder(t), strings.Split(tt.args, "|")...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FreeBSD 9's counter of reasons has the supervisors' and not the administrator's.
func TestSuppressPreempt(t *testing.T) {
	d := folder(t)
	l, err := d.Acquire("carp0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	entries := []state.Entry{{Name: "link down", Value: 240}, {Name: "send errors", Value: 240}, {Name: "no factor", Value: 0}}
	if err := d.SetEntries("carp0", entries); err != nil {
		t.Fatal(err)
	}
	run(t, d, "net.inet.carp.demotion=5")
	if got := run(t, d, "-n", "net.inet.carp.suppress_preempt", "net.inet.carp.demotion"); got != "2\n485\n" {
		t.Error(got)
	}
}

// The usage is made of the table.
func TestUsage(t *testing.T) {
	want := "usage: sysctl-carp [-bdehilNnoqTtWwx] [-B bufsize] [-f file] [-j netns] name[=value] ...\n" +
		"       sysctl-carp [-bdehlNnoqTtWx] [-B bufsize] [-j netns] -a\n"
	if got := usageOf("sysctl-carp"); got != want {
		t.Error(got)
	}
}

package carp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp/carptest"
)

// TestTranscripts plays every file of testdata/transcripts: commands to a
// segment in virtual time, each with everything that followed. After a change
// that is meant, `go test ./pkg/carp -run Transcripts -rewrite` writes them
// anew; commit that only if you understand every line that changed.
//
//	lan [delay=1ms] [jitter=D] [loss=N] [families=2]   a new, empty segment
//	host NAME advskew=N [advbase=N] [preempt]          a host on it, not yet up
//	run D                                              D passes
//	up|down|kill|power-off|start|freeze|thaw|unplug|plug|mute|unmute NAME
//	force NAME state=S, demote NAME by=N, set NAME [advskew=N] [preempt=B], readdress NAME
//	cut FROM to=NAME, heal FROM to=NAME, partition NAME..., heal-all
//	status                                             who is what
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			p := &play{}
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				p.out.Reset()
				if err := p.command(d); err != nil {
					d.Fatalf(t, "%v", err)
				}
				if err := p.lan.Err(); err != nil {
					d.Fatalf(t, "%v", err)
				}
				if p.out.Len() == 0 {
					return "ok"
				}
				return p.out.String()
			})
		})
	}
}

// play is a segment being played on.
type play struct {
	lan   *carptest.LAN
	hosts map[string]*carptest.Host
	out   strings.Builder
}

// args gives the values of a command's key=value words.
type args map[string]string

func (a args) duration(key string) time.Duration {
	d, _ := time.ParseDuration(a[key])
	return d
}

func (a args) number(key string, otherwise int) int {
	if n, err := strconv.Atoi(a[key]); err == nil {
		return n
	}
	return otherwise
}

func (p *play) command(d *datadriven.TestData) error {
	a := args{}
	var names []string
	for _, arg := range d.CmdArgs {
		if len(arg.Vals) == 0 {
			names = append(names, arg.Key)
		} else {
			a[arg.Key] = arg.Vals[0]
		}
	}
	switch d.Cmd {
	case "lan":
		c := carptest.Conditions{Delay: time.Millisecond, Jitter: a.duration("jitter"), Loss: a.number("loss", 0)}
		if _, ok := a["delay"]; ok {
			c.Delay = a.duration("delay")
		}
		p.lan, p.hosts = carptest.New(1, c, a.number("families", 1)), map[string]*carptest.Host{}
		p.lan.Log = func(line string) { fmt.Fprintln(&p.out, line) }
		return nil
	case "run":
		took, err := time.ParseDuration(names[0])
		p.lan.Run(took)
		return err
	case "heal-all":
		p.lan.HealAll()
		return nil
	case "status":
		p.status()
		return nil
	case "host":
		c := carp.Config{Timing: timing(a.number("advbase", 1), a.number("advskew", 0)), Ready: true}
		c.Preempt = len(names) > 1 && names[1] == "preempt"
		p.hosts[names[0]] = p.lan.Add(names[0], c)
		return nil
	}
	var hosts []*carptest.Host
	for _, name := range names {
		h := p.hosts[name]
		if h == nil {
			return fmt.Errorf("no host %s", name)
		}
		hosts = append(hosts, h)
	}
	if len(hosts) == 0 {
		return fmt.Errorf("%s: which host?", d.Cmd)
	}
	return p.hostCommand(d.Cmd, hosts, a)
}

func (p *play) hostCommand(cmd string, hosts []*carptest.Host, a args) error {
	h := hosts[0]
	c := h.Config()
	switch cmd {
	case "force":
		s, err := carp.ParseState(a["state"])
		h.Force(s)
		return err
	case "demote":
		h.Demote(a.number("by", 0))
	case "set":
		c.Timing.Skew = carp.AdvSkew(a.number("advskew", int(c.Timing.Skew)))
		if v, ok := a["preempt"]; ok {
			c.Preempt = v == "true"
		}
		h.Configure(c)
	case "readdress":
		c.Generation++
		h.Configure(c)
	case "cut", "heal":
		to := p.hosts[a["to"]]
		if to == nil {
			return fmt.Errorf("%s: to whom?", cmd)
		}
		map[string]func(from, to *carptest.Host){"cut": p.lan.Cut, "heal": p.lan.Heal}[cmd](h, to)
	case "partition":
		p.lan.Partition(hosts...)
	default:
		do := map[string]func(){"up": h.Up, "down": h.Down, "kill": h.Kill, "power-off": h.PowerOff, "start": h.Start,
			"freeze": h.Freeze, "thaw": h.Thaw, "unplug": h.Unplug, "plug": h.Plug,
			"mute": func() { h.Mute(true) }, "unmute": func() { h.Mute(false) }}[cmd]
		if do == nil {
			return fmt.Errorf("unknown command %s", cmd)
		}
		do()
	}
	return nil
}

func (p *play) status() {
	for _, h := range p.lan.Hosts() {
		answers := ""
		if h.Answering() {
			answers = ", answers"
		}
		is := fmt.Sprintf("%v (%s)", h.Machine().State(), h.Machine().Reason())
		switch {
		case !h.Running():
			is = "no supervisor"
		case h.Frozen():
			is += ", stopped"
		}
		fmt.Fprintf(&p.out, "%s: %s%s\n", h.Name, is, answers)
	}
}

// TestTranscriptsAreListed: a file that nothing plays proves nothing.
func TestTranscriptsAreListed(t *testing.T) {
	entries, err := os.ReadDir("testdata/transcripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".txt") {
			t.Errorf("%s is not a transcript", e.Name())
		}
	}
}

package carptest_test

import (
	"flag"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp/carptest"
)

var schedules = flag.Int("schedules", 0, "random schedules to run; 0 for as many as fit a usual test run")

// lanes is how many tests draw schedules side by side.
const lanes = 4

func TestMain(m *testing.M) {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "rapid.checks" })
	if n := *schedules; n > 0 || !set {
		if n == 0 {
			n = 100_000
			if testing.Short() {
				n = 1_000
			}
		}
		if err := flag.Set("rapid.checks", strconv.Itoa((n+lanes-1)/lanes)); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// drawSchedule draws an experiment that may ask anything of the machines that
// the protocol promises to survive.
func drawSchedule(t *rapid.T) carptest.Schedule {
	s := carptest.Schedule{
		Seed:     rapid.Uint64().Draw(t, "seed"),
		Families: rapid.IntRange(1, 2).Draw(t, "families"),
	}
	subSecond := rapid.IntRange(0, 7).Draw(t, "sub-second") == 7
	mixed := rapid.IntRange(0, 7).Draw(t, "mixed bases") == 7
	hosts := rapid.IntRange(1, carptest.MaxHosts).Draw(t, "hosts")
	unit := time.Second // a third of a dead time
	// Hosts with the same timing part by up to 250 ms; the more they are, the
	// less the network may blur that.
	jitter := 20
	if hosts <= 2 {
		jitter = 200
	}
	s.Conditions = carptest.Conditions{
		Delay:     time.Duration(rapid.IntRange(0, 5000).Draw(t, "delay")) * time.Microsecond,
		Jitter:    time.Duration(rapid.IntRange(0, jitter).Draw(t, "jitter")) * time.Millisecond,
		Loss:      rapid.SampledFrom([]int{0, 0, 10, 100, 300, 600}).Draw(t, "loss"),
		Duplicate: rapid.SampledFrom([]int{0, 0, 100, 500}).Draw(t, "duplicate"),
	}
	if subSecond {
		unit = 100 * time.Millisecond
		s.Conditions.Delay /= 5
		s.Conditions.Jitter /= 50
	}
	skews := []int{0, 1, 2, 50, 100, 100, 200, 240, 254}
	if subSecond {
		skews = []int{8, 9, 16, 30, 30, 100, 254}
	}
	for range hosts {
		c := carp.Config{Timing: carp.Timing{Base: 1}}
		switch {
		case subSecond:
			c.Timing.Base = 0
		case mixed:
			c.Timing.Base = carp.AdvBase(rapid.IntRange(1, 4).Draw(t, "advbase"))
		}
		c.Timing.Skew = carp.AdvSkew(rapid.SampledFrom(skews).Draw(t, "advskew"))
		c.Preempt = rapid.Bool().Draw(t, "preempt")
		s.Hosts = append(s.Hosts, c)
	}
	s.Stagger = unit / 4 * time.Duration(rapid.SampledFrom([]int{0, 0, 1, 20}).Draw(t, "stagger"))
	for range rapid.IntRange(0, 12).Draw(t, "faults") {
		f := carptest.Fault{
			Kind:  carptest.FaultKind(rapid.IntRange(0, int(carptest.NumFaults)-1).Draw(t, "kind")),
			Host:  rapid.IntRange(0, hosts-1).Draw(t, "host"),
			Other: rapid.IntRange(0, hosts-1).Draw(t, "other"),
		}
		switch f.Kind {
		case carptest.FaultDemote:
			f.N = rapid.SampledFrom([]int{0, 1, -1, 50, -50, 240, -240, 1000}).Draw(t, "demotion")
		case carptest.FaultSkew:
			f.N = rapid.SampledFrom(skews).Draw(t, "skew")
		case carptest.FaultLoss:
			f.N = rapid.SampledFrom([]int{0, 100, 500, 1000}).Draw(t, "loss")
		default:
			f.N = rapid.IntRange(0, 1).Draw(t, "n")
		}
		wait := rapid.SampledFrom([]int{0, 1, 20, 300, 1000, 2999, 3390, 4100, 9000}).Draw(t, "wait")
		f.Wait = unit * time.Duration(wait) / 1000
		s.Faults = append(s.Faults, f)
	}
	return s
}

// tally is what the schedules amounted to, for the log.
var tally struct{ schedules, hosts, faults, minutes atomic.Int64 }

// TestSchedules runs random experiments; a failure is shrunk to a short one
// and printed with everything that happened.
func TestSchedules(t *testing.T) {
	t.Cleanup(func() {
		t.Logf("%d schedules, %d hosts, %d faults, %d virtual minutes", tally.schedules.Load(),
			tally.hosts.Load(), tally.faults.Load(), tally.minutes.Load()/60)
	})
	for lane := range lanes {
		t.Run(strconv.Itoa(lane), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				s := drawSchedule(t)
				tally.schedules.Add(1)
				tally.hosts.Add(int64(len(s.Hosts)))
				tally.faults.Add(int64(len(s.Faults)))
				took, err := s.Run(nil)
				tally.minutes.Add(int64(took.Seconds()))
				if err != nil {
					t.Logf("%v", s)
					_, _ = s.Run(func(line string) { t.Log(line) })
					t.Fatal(err)
				}
			})
		})
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// The times of the reference set-up: a backup waits three advertisement intervals
// and its skew in 1/256 s. deadTime is provider's, with advskew 100.
const (
	deadTime  = 3*time.Second + 100*time.Second/256
	settling  = deadTime + 3*time.Second
	fetchPace = 20 * time.Millisecond
	probePace = time.Millisecond
)

// The command lines of the reference set-up.
const (
	create0   = "ifconfig-carp carp0 create"
	create1   = "ifconfig-carp carp1 create"
	hosta0    = "ifconfig-carp carp0 vhid 1 pass testpass 192.168.1.50/24"
	hostb0    = "ifconfig-carp carp0 vhid 2 pass testpass 192.168.1.51/24"
	provider0 = "ifconfig-carp carp0 vhid 1 advskew 100 pass testpass 192.168.1.50/24"
	provider1 = "ifconfig-carp carp1 vhid 2 advskew 100 pass testpass 192.168.1.51/24"
	nudge     = "ifconfig-carp carp0 down && ifconfig-carp carp0 up"
	preempt   = "ifconfig-carp sysctl net.inet.carp.preempt=1"
)

// watch is what the client does all the time: it probes .50 and fetches its page.
type watch struct {
	probe *netlab.Probe
	fetch *netlab.Fetcher
	marks []netlab.Mark
}

// play is the demo from the first command to the last figure.
func (s *stage) play(ctx context.Context) error {
	s.say("hosta .3, hostb .4, provider .5, dns .2 and client .10 of 192.168.1.0/24 on one switch;")
	s.say("a web server on each of the first three, and %s in the DNS.", site)
	if err := s.setUp(ctx); err != nil {
		return err
	}
	w, err := s.startWatch(ctx)
	if err != nil {
		return err
	}
	for _, act := range []func(context.Context, *watch) error{
		s.losePower, s.comeBack, s.nudge, s.preemption,
	} {
		if err := act(ctx, w); err != nil {
			s.timeline(w)
			return err
		}
	}
	s.timeline(w)
	s.heading("What it costs")
	return s.figures()
}

// setUp types the reference set-up, shows who is MASTER and what the client gets.
func (s *stage) setUp(ctx context.Context) error {
	s.heading("The reference set-up")
	for _, typed := range []struct {
		host *netlab.Host
		line string
	}{
		{s.hosta, create0}, {s.hosta, hosta0},
		{s.hostb, create0}, {s.hostb, hostb0},
		{s.provider, create0}, {s.provider, provider0},
		{s.provider, create1}, {s.provider, provider1},
	} {
		if err := s.run(ctx, typed.host, typed.line); err != nil {
			return err
		}
	}
	s.heading("Who is MASTER")
	if err := errors.Join(
		s.await(ctx, s.hosta, "carp0", "MASTER", settling),
		s.await(ctx, s.hostb, "carp0", "MASTER", settling),
		s.await(ctx, s.provider, "carp0", "BACKUP", settling),
		s.await(ctx, s.provider, "carp1", "BACKUP", settling),
		s.run(ctx, s.hosta, "ifconfig-carp carp0"),
	); err != nil {
		return err
	}
	s.heading("What the client gets")
	if err := s.lookUp(ctx); err != nil {
		return err
	}
	if err := s.awaitPage(ctx, virtual1, s.hosta); err != nil {
		return err
	}
	if err := s.awaitPage(ctx, virtual2, s.hostb); err != nil {
		return err
	}
	s.say("http://%v/ is served by hosta, http://%v/ by hostb", virtual1, virtual2)
	return nil
}

// startWatch starts the client's observation.
func (s *stage) startWatch(ctx context.Context) (*watch, error) {
	probe, err := netlab.StartProbe(ctx, s.client, virtual1, probePace)
	if err != nil {
		return nil, err
	}
	fetch, err := netlab.StartFetch(ctx, s.client, virtual1, site, fetchPace)
	if err != nil {
		return nil, err
	}
	w := &watch{probe: probe, fetch: fetch}
	// A second of the ordinary state, so that the timeline shows it.
	begun := time.Now()
	err = netlab.Wait(ctx, 5*time.Second, "the client to have watched for a second", func() (bool, string) {
		return time.Since(begun) > time.Second, ""
	})
	return w, err
}

// mark notes the moment of an intervention for the timeline and the measurement.
func (w *watch) mark(label string) time.Time {
	now := time.Now()
	w.marks = append(w.marks, netlab.Mark{At: now, Label: label})
	return now
}

// losePower powers hosta off; provider takes .50 over after its dead time.
func (s *stage) losePower(ctx context.Context, w *watch) error {
	s.heading("hosta loses its power while the client fetches the page")
	since := w.mark("hosta powered off")
	if err := s.powerOff(ctx, s.hosta); err != nil {
		return err
	}
	return s.takeover(ctx, w, s.provider, since, deadTime+time.Second)
}

// comeBack powers hosta on again; without preemption it stays BACKUP.
func (s *stage) comeBack(ctx context.Context, w *watch) error {
	s.heading("hosta comes back and, with net.inet.carp.preempt=0, stays BACKUP")
	w.mark("hosta powered on again")
	if err := s.boot(ctx, create0, hosta0); err != nil {
		return err
	}
	if err := s.await(ctx, s.hosta, "carp0", "BACKUP", settling); err != nil {
		return err
	}
	// Longer than hosta would need to become MASTER if it heard nobody.
	const long = 3500 * time.Millisecond
	if err := s.stays(ctx, s.hosta, "carp0", "BACKUP", long); err != nil {
		return err
	}
	s.say("hosta has been BACKUP for %.1f s", long.Seconds())
	return errors.Join(s.await(ctx, s.provider, "carp0", "MASTER", time.Second), s.awaitPage(ctx, virtual1, s.provider))
}

// nudge makes provider hand .50 back.
func (s *stage) nudge(ctx context.Context, w *watch) error {
	s.heading("The nudge: provider hands .50 back")
	since := w.mark("provider nudged")
	if err := s.run(ctx, s.provider, nudge); err != nil {
		return err
	}
	if err := s.takeover(ctx, w, s.hosta, since, time.Second); err != nil {
		return err
	}
	return s.await(ctx, s.provider, "carp0", "BACKUP", settling)
}

// preemption turns preempt on and powers hosta off and on: it takes .50 back.
func (s *stage) preemption(ctx context.Context, w *watch) error {
	s.heading("With net.inet.carp.preempt=1 hosta takes .50 back by itself")
	for _, h := range s.servers() {
		if err := s.run(ctx, h, preempt); err != nil {
			return err
		}
	}
	since := w.mark("preempt on, hosta powered off")
	if err := s.powerOff(ctx, s.hosta); err != nil {
		return err
	}
	if err := s.takeover(ctx, w, s.provider, since, deadTime+time.Second); err != nil {
		return err
	}
	since = w.mark("hosta powered on again")
	if err := s.boot(ctx, preempt, create0, hosta0); err != nil {
		return err
	}
	if err := s.takeover(ctx, w, s.hosta, since, time.Second); err != nil {
		return err
	}
	return s.await(ctx, s.provider, "carp0", "BACKUP", settling)
}

// boot powers hosta on and types what its rc.conf would hold.
func (s *stage) boot(ctx context.Context, lines ...string) error {
	if err := s.powerOn(ctx, s.hosta); err != nil {
		return err
	}
	for _, line := range lines {
		if err := s.run(ctx, s.hosta, line); err != nil {
			return err
		}
	}
	return nil
}

// takeover waits until the host is MASTER and the client gets its page, and shows
// the gaps that the client saw since a moment, by echo and by page.
func (s *stage) takeover(ctx context.Context, w *watch, h *netlab.Host, since time.Time, atMost time.Duration) error {
	if err := s.await(ctx, h, "carp0", "MASTER", settling); err != nil {
		return err
	}
	if err := s.awaitPage(ctx, virtual1, h); err != nil {
		return err
	}
	// The fetches begun in the gap must end before they can be counted.
	end := time.Now()
	if err := netlab.Wait(ctx, 3*time.Second, "the client to have seen it", func() (bool, string) {
		return time.Since(end) > time.Second, ""
	}); err != nil {
		return err
	}
	echo := w.probe.Result().Since(since)
	page := netlab.FetchGap(fetchesSince(w.fetch.Fetches(), since))
	s.say("client: gap seen by 1 kHz echo %s (%d lost), by page %s", netlab.Millis(echo.LongestGap()), echo.Lost, netlab.Millis(page))
	if who, _ := w.probe.LastFrom(); who != h.Name() {
		return fmt.Errorf("the client's echoes are answered by %s, not by %s", who, h.Name())
	}
	if gap := echo.LongestGap(); gap > atMost {
		return fmt.Errorf("gap of %v, more than %v", gap, atMost)
	}
	return nil
}

// fetchesSince leaves out the fetches begun before a moment, but for the last.
func fetchesSince(fetches []netlab.Fetch, since time.Time) []netlab.Fetch {
	for i, f := range fetches {
		if f.Begun.After(since) {
			return fetches[max(i-1, 0):]
		}
	}
	return nil
}

// timeline ends the observation and shows it.
func (s *stage) timeline(w *watch) {
	s.heading("What the client saw at http://%v/", virtual1)
	result := w.probe.Stop()
	netlab.WriteTimeline(s.out, []string{"hosta", "provider"}, sightings(w.fetch.Stop()), w.marks, 72)
	s.say("\n1 kHz echo: %v", result)
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// startDNS starts a name server that gives out the two virtual addresses of the
// site, the first one first and the second one first by turns.
func startDNS(ctx context.Context, h *netlab.Host) error {
	hosts := filepath.Join(h.Dir(), "hosts")
	zone := fmt.Sprintf("%v %s\n%v %s\n", virtual1, site, virtual2, site)
	if err := os.WriteFile(hosts, []byte(zone), 0o644); err != nil {
		return err
	}
	return daemon(ctx, h, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=root",
		"--pid-file="+h.Dir()+"/dnsmasq.pid", "--no-resolv", "--no-hosts", "--addn-hosts="+hosts)
}

// lookUp asks the name server from the client, until both orders were seen.
func (s *stage) lookUp(ctx context.Context) error {
	const command = "dig +short @192.168.1.2 " + site
	first := map[string]bool{}
	return netlab.Wait(ctx, 5*time.Second, "both virtual addresses to come first", func() (bool, string) {
		text, err := s.client.Run(ctx, strings.Fields(command)...)
		answers := strings.Fields(text)
		if err != nil || len(answers) != 2 {
			return false, fmt.Sprintf("%q %v", text, err)
		}
		s.say("client# %s\n%s", command, strings.TrimSpace(text))
		first[answers[0]] = true
		return first[virtual1.String()] && first[virtual2.String()], text
	})
}

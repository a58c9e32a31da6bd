package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// servedBy begins the page of every host; its name follows.
const servedBy = "served by "

// nginxConfig is a web server that keeps to its own folder. It listens on all
// addresses, those to come included, and runs as the user who owns the folder.
const nginxConfig = `user root;
worker_processes 1;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 0.0.0.0:80;
        root www;
    }
}
`

// startWeb starts nginx on the host and waits until it serves.
func startWeb(ctx context.Context, h *netlab.Host) error {
	dir := filepath.Join(h.Dir(), "nginx")
	if err := os.MkdirAll(filepath.Join(dir, "www"), 0o755); err != nil {
		return err
	}
	files := map[string]string{
		"nginx.conf":     nginxConfig,
		"www/index.html": servedBy + h.Name() + "\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	err := daemon(ctx, h, "nginx", "-e", dir+"/error.log", "-p", dir, "-c", dir+"/nginx.conf", "-g", "daemon off;")
	if err != nil {
		return err
	}
	addrs, err := h.Addresses(ctx, "eth0")
	if err != nil {
		return err
	}
	return netlab.Wait(ctx, 5*time.Second, "the web server of "+h.Name(), func() (bool, string) {
		page := netlab.FetchOnce(h, addrs[0].Addr(), site)
		return page.Body == servedBy+h.Name(), fmt.Sprint(page.Body, page.Err)
	})
}

// daemon starts a server in the foreground of nobody; it dies with its host. What
// it has to say goes to a file in the host's folder.
func daemon(ctx context.Context, h *netlab.Host, argv ...string) error {
	log, err := os.Create(filepath.Join(h.Dir(), argv[0]+".out"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := h.Command(ctx, argv...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// sightings turns fetched pages into what a timeline shows.
func sightings(fetches []netlab.Fetch) []netlab.Sighting {
	var seen []netlab.Sighting
	for _, f := range fetches {
		var who string
		if f.Err == nil {
			who = strings.TrimPrefix(f.Body, servedBy)
		}
		seen = append(seen, netlab.Sighting{At: f.Begun, Who: who})
	}
	return seen
}

// serving tells whose page an address shows just now.
func (s *stage) serving(addr netip.Addr) (string, error) {
	page := netlab.FetchOnce(s.client, addr, site)
	return strings.TrimPrefix(page.Body, servedBy), page.Err
}

// awaitPage waits until the client gets an address's page from a host.
func (s *stage) awaitPage(ctx context.Context, addr netip.Addr, h *netlab.Host) error {
	what := fmt.Sprintf("http://%v/ to be served by %s", addr, h.Name())
	return netlab.Wait(ctx, 3*time.Second, what, func() (bool, string) {
		who, err := s.serving(addr)
		return who == h.Name() && err == nil, fmt.Sprint(who, err)
	})
}

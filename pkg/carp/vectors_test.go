package carp_test

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

// start is the virtual time at which every test begins.
var start = time.Unix(1_000_000, 0)

// at is the virtual time d after the start.
func at(d time.Duration) time.Time { return start.Add(d) }

// vector is one advertisement that a BSD kernel's own code made.
type vector struct {
	name     string
	key      carp.Key
	vhid     carp.VHID
	list     carp.AddressList
	timing   carp.Timing // as on the wire
	counter  uint64
	digest   string
	checksum string
	header   string
	payload  []byte // what followed the IP header
	from     netip.Addr
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex64(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addresses(t testing.TB, words ...string) carp.AddressList {
	t.Helper()
	var all []netip.Addr
	for _, w := range words {
		a, err := netip.ParseAddr(w)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return carp.NewAddressList(all)
}

// mustKey is a password's key.
func mustKey(password string) carp.Key {
	k, _ := carp.NewKey(password)
	return k
}

// freebsdVectors were made by FreeBSD 9.1 and 13.0.
func freebsdVectors(t testing.TB) []vector {
	t.Helper()
	var raw []struct {
		ID            string   `json:"id"`
		Source        string   `json:"source"`
		Password      string   `json:"password"`
		PasswordBytes string   `json:"password_bytes"`
		Key20         string   `json:"key20"`
		VHID          int      `json:"vhid"`
		IPv4          []string `json:"ipv4"`
		IPv6          []string `json:"ipv6"`
		Counter       string   `json:"counter"`
		AdvBase       int      `json:"advbase"`
		HeaderAdvSkew int      `json:"header_advskew"`
		HMAC          string   `json:"hmac"`
		Checksum      string   `json:"checksum"`
		Header        string   `json:"carp_header"`
		AF            int      `json:"af"`
		Frame         string   `json:"frame"`
	}
	readJSON(t, "advertisements-freebsd.json", &raw)
	var all []vector
	for _, r := range raw {
		password := unhex(t, r.PasswordBytes)
		key, cut := carp.NewKey(string(password))
		if len(password) > carp.MaxPasswordLen {
			// The recording filled the kernel's whole field, which no
			// command line can.
			if !cut {
				t.Errorf("%s: a password of %d bytes is not said to be cut", r.ID, len(password))
			}
			key = carp.NewRawKey(password)
		} else if cut {
			t.Errorf("%s: a password of %d bytes is said to be cut", r.ID, len(password))
		}
		if key != carp.NewRawKey(unhex(t, r.Key20)) {
			t.Errorf("%s: the key is not the recorded 20 bytes", r.ID)
		}
		frame := unhex(t, r.Frame)
		v := vector{
			name: r.ID + " by " + r.Source, key: key, vhid: carp.VHID(r.VHID),
			list:    addresses(t, append(r.IPv4, r.IPv6...)...),
			timing:  carp.Timing{Base: carp.AdvBase(r.AdvBase), Skew: carp.AdvSkew(r.HeaderAdvSkew)},
			counter: unhex64(t, r.Counter), digest: r.HMAC, checksum: r.Checksum, header: r.Header,
		}
		if r.AF == 4 {
			v.payload, v.from = frame[14+20:], netip.AddrFrom4([4]byte(frame[14+12:]))
		} else {
			v.payload, v.from = frame[14+40:], netip.AddrFrom16([16]byte(frame[14+8:]))
		}
		all = append(all, v)
	}
	return all
}

// netbsdVectors were captured from NetBSD kernels on a wire.
func netbsdVectors(t testing.TB) []vector {
	t.Helper()
	var file struct {
		Vectors []struct {
			Pcap     string   `json:"pcap"`
			Index    int      `json:"index"`
			KeyHex   string   `json:"key_hex"`
			KeyText  *string  `json:"key_text"`
			VHID     int      `json:"vhid"`
			AdvSkew  int      `json:"advskew"`
			AdvBase  int      `json:"advbase"`
			VIPs     []string `json:"vips_config_order"`
			Counter  string   `json:"counter_hex"`
			HMAC     string   `json:"hmac_sha1_hex"`
			Checksum string   `json:"cksum_hex"`
			Payload  string   `json:"carp_payload_hex"`
			From     string   `json:"ip_src"`
		} `json:"vectors"`
	}
	readJSON(t, "advertisements-netbsd.json", &file)
	var all []vector
	for _, r := range file.Vectors {
		key := carp.NewRawKey(unhex(t, r.KeyHex))
		if r.KeyText != nil && len(*r.KeyText) <= carp.MaxPasswordLen && key != mustKey(*r.KeyText) {
			t.Errorf("%s: key of %q and of its bytes differ", r.Pcap, *r.KeyText)
		}
		all = append(all, vector{
			name: r.Pcap + "#" + strconv.Itoa(r.Index), key: key, vhid: carp.VHID(r.VHID),
			list:    addresses(t, r.VIPs...),
			timing:  carp.Timing{Base: carp.AdvBase(r.AdvBase), Skew: carp.AdvSkew(r.AdvSkew)},
			counter: unhex64(t, r.Counter), digest: r.HMAC, checksum: r.Checksum, header: r.Payload,
			payload: unhex(t, r.Payload), from: netip.MustParseAddr(r.From),
		})
	}
	return all
}

func allVectors(t testing.TB) []vector {
	return append(freebsdVectors(t), netbsdVectors(t)...)
}

// TestVectorsOut holds what we send to every recorded advertisement, byte for
// byte.
func TestVectorsOut(t *testing.T) {
	vectors := allVectors(t)
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			auth := carp.NewAuthenticator(v.vhid, v.key, v.list)
			digest := auth.Digest(v.counter)
			if got := hex.EncodeToString(digest[:]); got != v.digest {
				t.Errorf("digest %s, recorded %s", got, v.digest)
			}
			ad := carp.Advertisement{VHID: v.vhid, Timing: v.timing, Counter: v.counter, Digest: digest}
			got := ad.Append([]byte("before"))[len("before"):]
			if h := hex.EncodeToString(got); h != v.header {
				t.Errorf("header\n%s, recorded\n%s", h, v.header)
			}
			if sum := hex.EncodeToString(got[6:8]); sum != v.checksum {
				t.Errorf("checksum %s, recorded %s", sum, v.checksum)
			}
			// The whole way, through a Group whose counter is the recorded one.
			group := carp.NewGroup(v.vhid, v.key, v.list, func() uint64 { return v.counter })
			made := group.Advertisement(v.timing)
			if diff := cmp.Diff(ad, made); diff != "" {
				t.Errorf("Group.Advertisement (-want +got):\n%s", diff)
			}
		})
	}
	if len(vectors) < 100 {
		t.Errorf("%d vectors only: is a file incomplete?", len(vectors))
	}
}

// TestVectorsIn holds what we accept to the same.
func TestVectorsIn(t *testing.T) {
	for _, v := range allVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			ad, verdict := carp.Parse(v.payload)
			if verdict != carp.Accepted {
				t.Fatalf("Parse: %v", verdict)
			}
			want := carp.Advertisement{VHID: v.vhid, Timing: v.timing, Counter: v.counter,
				Digest: [carp.DigestLen]byte(unhex(t, v.digest))}
			if diff := cmp.Diff(want, ad); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			if bow := v.timing == (carp.Timing{Base: 255, Skew: 255}); ad.BowOut() != bow {
				t.Errorf("BowOut() = %t", ad.BowOut())
			}
			group := carp.NewGroup(v.vhid, v.key, v.list, func() uint64 { return 7 })
			p := carp.Packet{From: v.from, TTL: 255, ToGroup: true, Payload: v.payload}
			if _, verdict = group.Judge(start, &p, true, 3*time.Second); verdict != carp.Accepted {
				t.Errorf("Judge: %v", verdict)
			}
			if next := group.Advertisement(v.timing).Counter; next != v.counter+1 {
				t.Errorf("the next counter is %#x, want the accepted %#x + 1", next, v.counter)
			}
			other := carp.NewGroup(v.vhid, mustKey("another"), v.list, func() uint64 { return 7 })
			if _, verdict = other.Judge(start, &p, true, 3*time.Second); verdict != carp.BadAuthentication {
				t.Errorf("Judge with another key: %v", verdict)
			}
		})
	}
}

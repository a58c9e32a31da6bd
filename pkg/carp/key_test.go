package carp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/pkg/carp"
)

func TestKey(t *testing.T) {
	long := "abcdefghijklmnopqrstuvwxyz"
	for n := range len(long) + 1 {
		key, cut := carp.NewKey(long[:n])
		if want := long[:min(n, 19)]; key.Password() != want || cut != (n > 19) {
			t.Errorf("NewKey of %d bytes: password %q, cut %t", n, key.Password(), cut)
		}
		if want := long[:min(n, 20)]; carp.NewRawKey([]byte(long[:n])).Password() != want {
			t.Errorf("NewRawKey of %d bytes is %q", n, carp.NewRawKey([]byte(long[:n])).Password())
		}
		if key.IsZero() != (n == 0) {
			t.Errorf("IsZero with %d bytes: %t", n, key.IsZero())
		}
	}
	if again := mustKey("a"); (carp.Key{}) != mustKey("") || mustKey("a") == mustKey("b") || mustKey("a") != again {
		t.Error("keys do not compare by their bytes")
	}
	if !carp.NewRawKey(make([]byte, 20)).IsZero() {
		t.Error("20 zero bytes are not the empty password")
	}
}

// TestKeyIsRedacted holds every way in which a value ends up in text to not
// showing the password, as text, in hex or as a list of numbers, not even
// where it sits in an unexported field, which fmt prints behind its methods'
// back.
func TestKeyIsRedacted(t *testing.T) {
	const password = "hunter2hunter2"
	key := mustKey(password)
	list := addresses(t, "192.0.2.1", "192.0.2.2")
	type settings struct {
		Key     carp.Key
		private carp.Key
		pointer *carp.Key
		list    []carp.Key
		table   map[carp.Key]carp.Key
	}
	values := map[string]any{
		"key":           key,
		"pointer":       &key,
		"settings":      settings{key, key, &key, []carp.Key{key}, map[carp.Key]carp.Key{key: key}},
		"authenticator": *carp.NewAuthenticator(1, key, list),
		"group":         *carp.NewGroup(1, key, list, nil),
	}
	var forbidden []string
	for _, f := range []string{"%s", "%x", "%X", "%v", "%#v", "% x", "%q", "%b", "%o"} {
		text := fmt.Sprintf(f, []byte(password[:4]))
		forbidden = append(forbidden, strings.Trim(text, `[]{}"`+"byte"))
	}
	check := func(how, text string) {
		t.Helper()
		for _, f := range forbidden {
			if strings.Contains(text, f) {
				t.Errorf("%s shows the password:\n%s", how, text)
			}
		}
	}
	for name, v := range values {
		for verb := '!'; verb <= '~'; verb++ {
			if verb == '%' || verb == 'p' || verb == 'T' {
				continue
			}
			for _, flags := range []string{"", "+", "#", " ", "0", "-40", "5.2", "+#"} {
				check(name+" by %"+flags+string(verb), fmt.Sprintf("%"+flags+string(verb), v))
			}
		}
		check(name+" by Sprint", fmt.Sprint(v)+fmt.Sprintln(v))
		var out bytes.Buffer
		options := &slog.HandlerOptions{Level: slog.LevelDebug}
		slog.New(slog.NewTextHandler(&out, options)).Info("m", "v", v, slog.Group("g", "v", v))
		slog.New(slog.NewJSONHandler(&out, options)).Info("m", "v", v, slog.Group("g", "v", v))
		check(name+" by slog", out.String())
		b, _ := json.Marshal(v)
		check(name+" by json", string(b))
	}
	if got := fmt.Sprintf("%s %v %d %x", key, key, key, &key); got != "redacted redacted redacted redacted" {
		t.Errorf("a key prints as %q", got)
	}
	if b, err := json.Marshal(key); err == nil {
		t.Errorf("a key went into JSON: %s", b)
	}
	if got := key.LogValue().String(); got != "redacted" {
		t.Errorf("a key logs as %q", got)
	}
}

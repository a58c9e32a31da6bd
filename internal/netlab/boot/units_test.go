package boot

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// units is the folder of the units.
const units = "../../../init"

// maxExposure is what systemd-analyze may find to expose, on its scale of 0 to 10, the
// mark excluded.
const maxExposure = 3.0

// systemd itself finds nothing wrong with the units, and little exposed.
func TestUnits(t *testing.T) {
	paths, err := filepath.Glob(units + "/*.service")
	if err != nil || len(paths) < 2 {
		t.Fatalf("units: %v, %v", paths, err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "ifconfig-carp") // it must be there
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			const installed = "=/usr/sbin/ifconfig-carp "
			text := string(data)
			if !strings.Contains(text, "\nExecStart"+installed) {
				t.Errorf("it does not run%s", installed)
			}
			if start, _, _ := strings.Cut(text[strings.Index(text, "\nExecStart="):][1:], "\n"); name == "carp-rc.service" && strings.Contains(start, " --wait") {
				t.Error("carp_wait in rc.conf is for the boot, and --wait would overrule it")
			}
			unit := filepath.Join(dir, name)
			if err := os.WriteFile(unit, []byte(strings.ReplaceAll(text, installed, "="+program+" ")), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := analyze("verify", "--man=no", "--recursive-errors=yes", unit); err != nil || out != "" {
				t.Errorf("verify: %v\n%s", err, out)
			}
			out, err := analyze("security", "--offline=yes", "--no-pager", unit)
			if err != nil {
				t.Fatalf("security: %v\n%s", err, out)
			}
			found := regexp.MustCompile(`Overall exposure level for \S+: ([\d.]+)`).FindStringSubmatch(out)
			if found == nil {
				t.Fatalf("no exposure in\n%s", out)
			}
			if exposure, err := strconv.ParseFloat(found[1], 64); err != nil || exposure >= maxExposure {
				t.Errorf("exposure %s, want less than %v\n%s", found[1], maxExposure, out)
			}
		})
	}
}

func analyze(args ...string) (string, error) {
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	return string(out), err
}

// The unit for late parents does what carp-rc.service does, so it may what that may.
func TestLateUnitHasTheRights(t *testing.T) {
	rights := map[string]string{}
	for _, name := range []string{"carp-rc.service", "carp-late.service"} {
		data, err := os.ReadFile(filepath.Join(units, name))
		if err != nil {
			t.Fatal(err)
		}
		_, after, ok := strings.Cut(string(data), "\nUMask=")
		if !ok {
			t.Fatalf("%s: where do its rights begin?", name)
		}
		rights[name], _, _ = strings.Cut(after, "\n[Install]")
		rights[name] = strings.TrimSpace(rights[name])
	}
	if diff := cmp.Diff(rights["carp-rc.service"], rights["carp-late.service"]); diff != "" {
		t.Errorf("(-carp-rc +carp-late)\n%s", diff)
	}
}

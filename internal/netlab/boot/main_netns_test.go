//go:build netns

package boot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ifconfig-carp/ifconfig-carp/internal/netlab"
)

// What all tests share, made once.
var (
	program  string // the command under test, for hosts without systemd
	tree     string // a Debian, which the machines have as the lower half of their disk
	packages string // the folder with the packages of releases older and newer
)

// The versions of the packages.
const (
	older = "1.0.0"
	newer = "1.1.0"
)

// module is the project's folder.
const module = "../../.."

func TestMain(m *testing.M) {
	work, err := os.MkdirTemp("", "boot-")
	if err != nil {
		panic(err)
	}
	status := netlab.RunTests(m, func(path string) error {
		program = path
		return prepare(work)
	})
	_ = os.RemoveAll(work)
	os.Exit(status)
}

// prepare makes the Debian and the packages, side by side: the one waits for the
// network, the other for the processor.
func prepare(work string) error {
	packages = filepath.Join(work, "packages")
	if tree = os.Getenv("BOOT_TREE"); tree == "" {
		tree = filepath.Join(work, "tree")
	}
	var made sync.WaitGroup
	errs := make([]error, 2)
	made.Go(func() { errs[0] = makeTree() })
	made.Go(func() {
		errs[1] = errors.Join(
			pack(module, packages, older, "amd64 arm64"),
			pack(module, packages, newer, "amd64"))
	})
	made.Wait()
	return errors.Join(errs...)
}

// makeTree makes the Debian: the release and the mirror that this machine has.
func makeTree() error {
	if _, err := os.Stat(tree + "/etc/debian_version"); err == nil {
		return nil
	}
	const script = `set -eu
. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
  awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
[ -n "$mirror" ] || { echo "apt knows no mirror of $VERSION_CODENAME" >&2; exit 1; }
exec debootstrap --variant=minbase --include=systemd,dbus,iproute2,rpm "$VERSION_CODENAME" "$1" "$mirror"`
	out, err := exec.Command("sh", "-c", script, "sh", tree).CombinedOutput()
	if err != nil {
		return fmt.Errorf("debootstrap: %w\n%s", err, tail(out))
	}
	return nil
}

// pack builds packages of the sources in a folder.
func pack(from, into, version, archs string) error {
	cmd := exec.Command("./scripts/package", version)
	cmd.Dir = from
	cmd.Env = append(os.Environ(), "OUT="+into, "ARCHS="+archs, "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/package %s: %w\n%s", version, err, tail(out))
	}
	return nil
}

// tail is the end of what a command printed.
func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }

package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownerFile holds the identity of the network namespace that the default
// folder belongs to, so that a reader without rights finds the right folder.
const ownerFile = "netns"

// locator decides which folder a network namespace gets.
//
//	the default folder's netns file names us     the default folder
//	netns-ID is there already                    netns-ID
//	we are process 1's namespace, and nobody
//	alive in another one uses the default        the default folder, claimed
//	otherwise                                    netns-ID
//
// The two lines in the middle matter where a container shares /run with its
// host: both have a process 1, and must not have a folder in common.
type locator struct {
	base string
	// identity is that of the calling thread's namespace.
	identity func() (string, error)
	// isMain tells whether that is process 1's.
	isMain func() bool
}

// machine is the locator that is no test's.
var machine = locator{base: DefaultPath, identity: namespaceIdentity, isMain: inMainNamespace}

// place is a locator's answer. claim is the identity to write into the
// default folder's netns file, empty if it has the right one.
type place struct{ path, claim string }

func (l locator) locate() (place, error) {
	id, err := l.identity()
	if err != nil {
		return place{}, fmt.Errorf("network namespace: %w", err)
	}
	if err := checkFolder(l.base); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return place{}, err
	}
	owner, err := os.ReadFile(filepath.Join(l.base, ownerFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return place{}, fmt.Errorf("state folder: %w", err)
	}
	if strings.TrimSpace(string(owner)) == id {
		return place{path: l.base}, nil
	}
	own := filepath.Join(l.base, "netns-"+id)
	if _, err := os.Lstat(own); err == nil || !l.isMain() {
		return place{path: own}, nil
	}
	if len(owner) > 0 {
		units, err := (&Dir{path: l.base}).Units()
		if err != nil {
			return place{}, err
		}
		for _, u := range units {
			if u.Alive {
				return place{path: own}, nil
			}
		}
	}
	return place{path: l.base, claim: id}, nil
}

func (l locator) find() (*Dir, error) {
	p, err := l.locate()
	if err != nil {
		return nil, err
	}
	return find(p.path)
}

func (l locator) open() (*Dir, error) {
	p, err := l.locate()
	if err != nil {
		return nil, err
	}
	base, err := create(l.base)
	if err != nil {
		return nil, err
	}
	if p.claim != "" {
		if p, err = l.claim(base); err != nil {
			return nil, err
		}
	}
	if p.path == l.base {
		return base, nil
	}
	return create(p.path)
}

// claim makes the default folder ours, unless another namespace was faster.
func (l locator) claim(base *Dir) (place, error) {
	unlock, err := base.LockFolder(context.Background())
	if err != nil {
		return place{}, err
	}
	defer unlock()
	p, err := l.locate()
	if err != nil || p.claim == "" {
		return p, err
	}
	return p, base.write(ownerFile, []byte(p.claim+"\n"), publicMode)
}

// namespaceIdentity names the network namespace of the calling thread for the
// time until the next boot. The cookie is never used twice (net_namespace.c
// counts up), the inode number of a namespace file is as soon as the namespace
// is gone; so the number serves only on kernels before 5.14, which have no
// SO_NETNS_COOKIE.
func namespaceIdentity() (string, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err == nil {
		return strconv.FormatUint(cookie, 10), nil
	}
	if err != unix.ENOPROTOOPT && err != unix.EINVAL {
		return "", fmt.Errorf("SO_NETNS_COOKIE: %w", err)
	}
	info, err := os.Stat(threadNamespace)
	if err != nil {
		return "", err
	}
	return "inode-" + strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10), nil
}

// threadNamespace is the calling thread's, where /proc/self is the first
// thread's.
const threadNamespace = "/proc/thread-self/ns/net"

// firstNamespaceInode is the number of the namespace that the kernel booted
// with, fixed since Linux 6.18 (uapi/linux/nsfs.h, NET_NS_INIT_INO) and below
// all that are given to others.
const firstNamespaceInode = 0xEFFFFFF9

// inMainNamespace compares with process 1. Who may not look there (ordinary
// users; root in some sandboxes) can still know the kernel's first namespace.
func inMainNamespace() bool {
	ours, err := os.Stat(threadNamespace)
	if err != nil {
		return false
	}
	if first, err := os.Stat("/proc/1/ns/net"); err == nil {
		return os.SameFile(ours, first)
	}
	return ours.Sys().(*syscall.Stat_t).Ino == firstNamespaceInode
}

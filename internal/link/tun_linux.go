package link

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/songgao/water"
	"golang.org/x/sys/unix"
)

// TUN returns the other backing, for links that allow a host one MAC only. It
// uses this Kernel's sockets and is to be closed before it. What one TUN holds
// open another knows nothing of, so a process needs one.
func (k *Kernel) TUN() *TUN { return newTUN(k.net, k.Watch) }

// openTUN opens /dev/net/tun through the library, not persistent, so that the
// descriptor is all that keeps the interface. The library forgets a descriptor
// for which the kernel refuses to make an interface, so a caller looks first
// whether the name is free.
func (h *netHost) openTUN(name string) (io.Closer, error) {
	// The library's descriptor is inherited by children, and one of them would
	// keep the interface beyond our end. No child is born before that is mended.
	syscall.ForkLock.RLock()
	tun, err := water.New(water.Config{
		DeviceType:             water.TUN,
		PlatformSpecificParams: water.PlatformSpecificParams{Name: name},
	})
	if err == nil {
		err = closeOnExec(tun)
	}
	syscall.ForkLock.RUnlock()
	switch {
	case missing(err): // which elsewhere says that an interface is gone
		return nil, fmt.Errorf("open /dev/net/tun: %v: %w", err, syscall.EOPNOTSUPP)
	case tun == nil:
		return nil, err
	case err == nil && tun.Name() != name: // the kernel fills in a % itself
		err = fmt.Errorf("the kernel named it %s: %w", tun.Name(), syscall.EINVAL)
	}
	if err != nil {
		return nil, errors.Join(err, tun.Close())
	}
	t := &drained{Interface: tun}
	t.done.Go(t.drain)
	return t, nil
}

// closeOnExec keeps the descriptor from children.
func closeOnExec(tun *water.Interface) error {
	file, ok := tun.ReadWriteCloser.(*os.File)
	if !ok {
		return fmt.Errorf("the TUN library opened a %T", tun.ReadWriteCloser)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { unix.CloseOnExec(int(fd)) })
}

// drained is an open TUN whose packets are thrown away. Unread they would wait
// in the kernel, 500 of them, for nobody.
type drained struct {
	*water.Interface
	done sync.WaitGroup
}

// drain runs until the descriptor is closed or the interface deleted. A
// packet longer than the buffer is cut.
func (t *drained) drain() {
	var buf [64]byte
	for {
		if _, err := t.Read(buf[:]); err != nil {
			return
		}
	}
}

// Close closes the descriptor; with it the kernel has deleted the interface
// when Close returns.
func (t *drained) Close() error {
	err := t.Interface.Close() // wakes drain
	t.done.Wait()
	return err
}

package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// requester makes one netlink request at a time and waits for its
// acknowledgement. The library's own way allocates a 64 KiB buffer for every
// answer, which a supervisor that renews its leases each second would feel;
// here one small buffer is kept. The kernel works off a request inside the
// send call, so the answer is there when it returns and a blocking socket
// costs nothing.
type requester struct {
	mu  sync.Mutex
	fd  int
	buf []byte
}

// answerTimeout in seconds bounds the wait for an acknowledgement that the
// kernel could not allocate.
const answerTimeout = 2

func openRequester() (*requester, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	// Connected to the kernel (port 0), nobody else can put an answer in.
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}),
		unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: answerTimeout}),
		// Without this each refusal carries the request back to us.
		unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1),
	)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &requester{fd: fd, buf: make([]byte, 4096)}, nil
}

func (r *requester) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return unix.Close(r.fd)
}

// do sends the request, which must ask for an acknowledgement, and returns
// the error number the kernel answers.
func (r *requester) do(req *nl.NetlinkRequest) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := unix.Write(r.fd, req.Serialize()); err != nil {
		return fmt.Errorf("netlink request: %w", err)
	}
	for {
		n, err := unix.Read(r.fd, r.buf)
		if err == unix.EINTR { // a receive timeout makes the call not restartable
			continue
		}
		if err != nil {
			return fmt.Errorf("netlink answer: %w", err)
		}
		msgs, err := syscall.ParseNetlinkMessage(r.buf[:n])
		if err != nil {
			return fmt.Errorf("netlink answer: %w", err)
		}
		for _, m := range msgs {
			// Another sequence number is the late answer to a request given up.
			if m.Header.Seq != req.Seq || m.Header.Type != unix.NLMSG_ERROR || len(m.Data) < 4 {
				continue
			}
			if errno := -int32(binary.NativeEndian.Uint32(m.Data)); errno != 0 {
				return syscall.Errno(errno)
			}
			return nil
		}
	}
}

// setFlags sets the interface flags under mask.
func (r *requester) setFlags(index int, flags, mask uint32) error {
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index, msg.Flags, msg.Change = int32(index), flags, mask
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	req.AddData(msg)
	return r.do(req)
}

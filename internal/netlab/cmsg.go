package netlab

import (
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelTime finds the time at which the kernel received a packet (SO_TIMESTAMPNS)
// among the control messages that came with it. It is what makes a measurement
// hold when the reader itself had to wait for a processor.
func kernelTime(control []byte) (time.Time, bool) {
	data := controlData(control, unix.SOL_SOCKET, unix.SCM_TIMESTAMPNS)
	if len(data) < int(unsafe.Sizeof(unix.Timespec{})) {
		return time.Time{}, false
	}
	ts := *(*unix.Timespec)(unsafe.Pointer(&data[0]))
	return time.Unix(ts.Unix()), true
}

// hopLimit finds the IPv6 hop limit among the control messages, or gives 0.
func hopLimit(control []byte) int {
	data := controlData(control, unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT)
	if len(data) < 4 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(data))
}

// controlData gives the payload of the first control message of a kind.
func controlData(control []byte, level, kind int32) []byte {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if m.Header.Level == level && m.Header.Type == kind {
			return m.Data
		}
	}
	return nil
}

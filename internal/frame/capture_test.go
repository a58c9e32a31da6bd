package frame

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// readCapture returns the frames of a little-endian, microsecond pcap file in testdata.
func readCapture(tb testing.TB, name string) [][]byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	const fileHeader, recordHeader = 24, 16
	if len(b) < fileHeader || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		tb.Fatalf("%s: not a little-endian pcap", name)
	}
	var frames [][]byte
	for b = b[fileHeader:]; len(b) > 0; {
		n := int(binary.LittleEndian.Uint32(b[8:12]))
		frames = append(frames, b[recordHeader:recordHeader+n])
		b = b[recordHeader+n:]
	}
	return frames
}

// captures are the recordings in testdata, of FreeBSD 9.1 and 13, NetBSD 7.99 and ucarp 1.5.2.
func captures(tb testing.TB) []string {
	tb.Helper()
	paths, err := filepath.Glob("testdata/*.pcap")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no captures in testdata: %v", err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// vector is one advertisement built by FreeBSD's own code.
type vector struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Frame  string `json:"frame"`
}

func (v vector) bytes(tb testing.TB) []byte {
	tb.Helper()
	b, err := hex.DecodeString(v.Frame)
	if err != nil {
		tb.Fatalf("%s: %v", v.ID, err)
	}
	return b
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	b, err := os.ReadFile("testdata/advertisements-freebsd.json")
	if err != nil {
		tb.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

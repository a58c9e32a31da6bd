package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const knobsFile = "sysctl.conf"

// KnobsPath is the path of the knob file, for messages.
func (d *Dir) KnobsPath() string { return d.file(knobsFile) }

// ReadKnobs reads the knob file, whose contents are pkg/sysctl's business; no
// file reads as an empty one.
func (d *Dir) ReadKnobs() ([]byte, error) {
	data, err := os.ReadFile(d.file(knobsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("knobs: %w", err)
	}
	return data, nil
}

// WriteKnobs replaces the knob file, readable by all; empty contents remove it.
// The caller holds the folder's lock since before it read.
func (d *Dir) WriteKnobs(data []byte) error {
	if len(data) == 0 {
		return d.remove(knobsFile)
	}
	return d.write(knobsFile, data, publicMode)
}

package link

import (
	"errors"
	"io/fs"
)

// Foreign tells whether the name belongs to an interface that is not ours.
func (b *backings) Foreign(name string) (bool, error) {
	if err := checkName(name); err != nil {
		return false, err
	}
	d, err := b.host.device(name)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, failed(name, "look up interface", err)
	}
	return !d.ours() || d.name != name, nil
}

// Inherit takes over carpN as a supervisor that died left it: up and with
// addresses whose lease still runs, which go on answering until it runs out or
// Release is called, and returns its ifindex. It reports false, and changes
// nothing, when there is no
// such interface on that parent with that MAC, or nothing to inherit; then
// EnsureBacking is the way.
func (b *backings) Inherit(name string, parentIndex int, mac [6]byte) (index int, ok bool, err error) {
	if err := checkName(name); err != nil {
		return 0, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, name)
	k, err := b.find(name)
	switch {
	case missing(err), errors.Is(err, fs.ErrExist):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	d := k.device
	fits := d.kind == "macvlan" && d.mode == "bridge" && d.parent == parentIndex && d.mac == mac
	return d.index, fits && k.claimed && len(k.held) > 0, nil
}

// ParentSettings are the values that PrepareParent would change, as they are
// now: what to write down before.
func (b *backings) ParentSettings(name string) (Settings, error) {
	saved := Settings{}
	for _, want := range b.needs {
		old, err := b.ReadSetting(name, "ipv4", want.key)
		if err != nil {
			return nil, err
		}
		saved["ipv4/"+want.key] = old
	}
	return saved, nil
}

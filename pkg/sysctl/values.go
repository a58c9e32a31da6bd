package sysctl

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ifconfig-carp/ifconfig-carp/internal/state"
)

// Values are the knobs' values in one network namespace.
type Values struct {
	// Allow: incoming advertisements are heard and our own sent.
	Allow bool
	// Preempt: take over from a MASTER that is slower than we would be.
	Preempt bool
	// Log: 0 nothing, 1 changes of state, 2 and more also bad packets.
	Log int
	// Demotion is the administrator's own part of the host's demotion; the sum
	// is [Demotion]'s.
	Demotion int
	// DemotionSince is when it was last changed, to the second; zero if that is
	// not known.
	DemotionSince time.Time
	// IfDownFactor is the demotion while a parent is down.
	IfDownFactor int
	// SendErrFactor is the demotion while advertisements cannot be sent.
	SendErrFactor int
	// ARPBalance: the vhids that share an address answer for it in turns, by
	// who asks.
	ARPBalance bool
	// DSCP marks the advertisements' IP header.
	DSCP int

	// Groups are the demotions of interface groups, none of which is 0.
	Groups map[string]GroupDemoted
}

// Defaults are FreeBSD's.
func Defaults() Values {
	var v Values
	for _, k := range stored() {
		k.set(&v, k.Default)
	}
	return v
}

// Folder is where the knobs of a network namespace are kept: a [state.Dir], or an
// imagined one for a dry run.
type Folder interface {
	KnobsPath() string
	ReadKnobs() ([]byte, error)
	WriteKnobs(data []byte) error
	LockFolder(ctx context.Context) (unlock func(), err error)
	// Demotion is the supervisors' part of the ledger.
	Demotion() (state.Ledger, error)
}

// Load reads the values. They are always usable: a knob whose line in the file
// cannot be understood has its default, and the error says so.
func Load(d Folder) (Values, error) {
	data, err := d.ReadKnobs()
	if err != nil {
		return Defaults(), err
	}
	v, bad := parse(data)
	var errs []error
	for _, c := range bad {
		errs = append(errs, fmt.Errorf("%s:%d: %s", d.KnobsPath(), c.line, c.text))
	}
	return v, errors.Join(errs...)
}

// Update lets change work on the values and saves them, all under the folder's
// lock, so that of two who add to the demotion at once both count. If change
// fails nothing is saved. Lines that cannot be understood do not survive it.
func Update(ctx context.Context, d Folder, change func(*Values) error) error {
	unlock, err := d.LockFolder(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	data, err := d.ReadKnobs()
	if err != nil {
		return err
	}
	v, _ := parse(data) // Load tells of what is wrong with it
	before := v.Demotion
	if err := change(&v); err != nil {
		return err
	}
	if v.Demotion != before {
		v.DemotionSince = time.Now().UTC().Truncate(time.Second)
	}
	for _, k := range stored() {
		n := k.get(&v)
		if err := k.check(k.Name+"="+strconv.Itoa(n), int64(n)); err != nil {
			return err
		}
	}
	if next := encode(v); string(next) != string(data) {
		return d.WriteKnobs(next)
	}
	return nil // and no supervisor is woken for nothing
}

// administrator owns the ledger's entry that is a knob.
const administrator = "administrator"

// Demotion is the host's demotion, reason by reason: the supervisors' entries, those
// of interface groups, and, last, the administrator's own, if it is not 0. What is For
// no group in particular adds up to what net.inet.carp.demotion shows. With an error
// come the entries that could be read.
func Demotion(d Folder) (state.Ledger, error) {
	v, err := Load(d)
	ledger, ledgerErr := v.ledger(d)
	return ledger, errors.Join(err, ledgerErr)
}

func (v Values) ledger(d Folder) (state.Ledger, error) {
	ledger, err := d.Demotion()
	ledger = append(ledger, v.groupEntries()...)
	if v.Demotion != 0 {
		ledger = append(ledger, state.Entry{Name: "sysctl", Value: v.Demotion, Owner: administrator, Since: v.DemotionSince})
	}
	return ledger, err
}

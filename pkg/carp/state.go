package carp

import "fmt"

// State is a machine's place in the election.
//
//	         up, with vhid, address and carrier
//	INIT ---------------------------------------> BACKUP
//	 ^  ^                                          |  ^
//	 |  '---------- down, carrier lost ------------'  |
//	 |                                                |
//	 |          silence for the dead time, or a       |  a better (or equal)
//	 |          slower master while preempting, or    |  MASTER is heard;
//	 |          a master that will time out           |  overslept
//	 |                       |                        |
//	 |                       v                        |
//	 '---------------------- MASTER ------------------'
//	     down, carrier lost
type State uint8

// The states, in the order and with the names of ip_carp.h.
const (
	Init State = iota
	Backup
	Master
)

// String is the name that ifconfig prints.
func (s State) String() string {
	switch s {
	case Init:
		return "INIT"
	case Backup:
		return "BACKUP"
	case Master:
		return "MASTER"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// ParseState reads a name as String writes it.
func ParseState(name string) (State, error) {
	for _, s := range []State{Init, Backup, Master} {
		if s.String() == name {
			return s, nil
		}
	}
	return Init, fmt.Errorf("state %q: not INIT, BACKUP or MASTER", name)
}

// MarshalText implements encoding.TextMarshaler, for JSON.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *State) UnmarshalText(b []byte) (err error) {
	*s, err = ParseState(string(b))
	return err
}

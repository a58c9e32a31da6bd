package carp

import "time"

const (
	// sendErrorsToDemote is how many advertisements in a row must fail before
	// the host counts as demoted (FreeBSD, CARP_SENDAD_MAX_ERRORS).
	sendErrorsToDemote = 3
	// sentToRecover is how many must then go out in a row (FreeBSD,
	// CARP_SENDAD_MIN_SUCCESS).
	sentToRecover = 3
	// sendErrorsForgotten is how long a host that is no longer MASTER stays
	// demoted: it sends nothing, so it could never prove that sending works
	// again (FreeBSD 10 to 14 leave it demoted for ever).
	sendErrorsForgotten = 30 * time.Second

	// SendErrors is the Reason of ActionDemote when advertisements do not go
	// out.
	SendErrors = "send errors"
)

// sendHealth counts advertisements that did and did not go out.
type sendHealth struct {
	errors, successes int
	demoted           bool
	forgetAt          time.Time
}

func (s *sendHealth) failed() (Action, bool) {
	s.successes = 0
	s.errors++
	if s.demoted || s.errors < sendErrorsToDemote {
		return Action{}, false
	}
	s.demoted = true
	return Action{Kind: ActionDemote, Reason: SendErrors, On: true}, true
}

func (s *sendHealth) sent() (Action, bool) {
	if !s.demoted {
		s.errors = 0
		return Action{}, false
	}
	s.successes++
	if s.successes < sentToRecover {
		return Action{}, false
	}
	return s.forget()
}

// forget takes the demotion back.
func (s *sendHealth) forget() (Action, bool) {
	demoted := s.demoted
	*s = sendHealth{}
	return Action{Kind: ActionDemote, Reason: SendErrors, On: false}, demoted
}

func (s *sendHealth) enterMaster() { s.forgetAt = time.Time{} }

func (s *sendHealth) leaveMaster(now time.Time) {
	s.errors = 0
	if s.demoted {
		s.forgetAt = now.Add(sendErrorsForgotten)
	}
}

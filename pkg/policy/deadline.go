package policy

import (
	"slices"
	"time"
)

// Deadline says when admission gives up on judging a change, and what it
// answers then.
type Deadline struct {
	// ReservePercent is the share of the time the API server waits that is kept
	// for the answer. What is not judged when only this is left is not judged.
	ReservePercent int `json:"reservePercent,omitempty"`
	// Answer is Allow or Deny.
	Answer Answer `json:"answer,omitempty"`
}

// Answer is what a change gets that was not judged in time.
type Answer string

// The answers. To allow is the default: the background evaluation finds what
// slipped in, and nobody is kept from mending the mesh by a judge that is slow.
const (
	AnswerAllow Answer = "allow"
	AnswerDeny  Answer = "deny"
)

// defaultReserve leaves 600 ms of three seconds.
const defaultReserve = 20

// For returns how long to work on a request that is waited for so long.
func (d Deadline) For(wait time.Duration) time.Duration {
	return wait - wait*time.Duration(d.ReservePercent)/100
}

// DeniesLate reports whether a change in a namespace is denied when there is no
// time to judge it: only where some finding might have denied it.
func (c *Config) DeniesLate(in Namespace) bool {
	if mode, _ := c.mode(in); mode != Deny || c.Deadline.Answer != AnswerDeny {
		return false
	}
	return slices.ContainsFunc(c.known, func(name string) bool {
		action, set := c.set(name, in)
		return !set || action == Deny
	})
}

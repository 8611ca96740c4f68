package feed

import (
	"encoding/json"
	"errors"
)

// unreadable is an object that cannot be read, and why: in whole for whoever may read the
// object, and without anything that is in it for the log.
type unreadable struct {
	name string // kind, namespace and name
	why  error
}

// Error says all of it.
func (u *unreadable) Error() string { return u.name + ": " + u.why.Error() }

// Unwrap returns why it cannot be read.
func (u *unreadable) Unwrap() error { return u.why }

// skip logs that an object is left out. What a decoder says may quote the object.
func (f *Feed) skip(err error) {
	why := "it does not fit the schema of its kind; meshward audit says more"
	if odd := (*json.UnmarshalTypeError)(nil); errors.As(err, &odd) && odd.Field != "" {
		why = "field " + odd.Field + " is not of type " + odd.Type.String()
	}
	name := "of another kind than was asked for"
	if u := (*unreadable)(nil); errors.As(err, &u) {
		name = u.name
	}
	f.log.Error("an object was skipped", "object", name, "reason", why)
}

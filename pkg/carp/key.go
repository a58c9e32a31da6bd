package carp

import (
	"bytes"
	"fmt"
	"log/slog"
	"unique"
)

// KeyLen is the size of the key field in bytes (ip_carp.h, CARP_KEY_LEN).
const KeyLen = 20

// MaxPasswordLen is how many bytes of a password count. Every BSD copies the
// word into a field of KeyLen bytes whose last byte stays NUL, so longer
// passwords are cut without a word.
const MaxPasswordLen = KeyLen - 1

// Key is the secret of a group: the password's bytes, zero-padded. The zero
// Key is the empty password, which is a valid one. A Key prints as "redacted"
// through every fmt verb and through slog; [Key.Password] is the only way to
// the bytes.
type Key struct {
	// handle stands for the KeyLen bytes; the zero handle for the empty
	// password. It is neither the bytes nor a pointer to an array of them,
	// because fmt prints a Key in an unexported field of some other struct
	// without asking its methods, but stops at a pointer to a string. Keys
	// with the same bytes compare equal.
	handle unique.Handle[string]
}

func keyOf(b [KeyLen]byte) Key {
	if b == [KeyLen]byte{} {
		return Key{}
	}
	return Key{handle: unique.Make(string(b[:]))}
}

func (k Key) bytes() (b [KeyLen]byte) {
	if !k.IsZero() {
		copy(b[:], k.handle.Value())
	}
	return b
}

// NewKey makes a Key of a password as the BSDs do, and tells whether bytes
// beyond MaxPasswordLen were cut off.
func NewKey(password string) (key Key, cut bool) {
	var b [KeyLen]byte
	copy(b[:MaxPasswordLen], password)
	return keyOf(b), len(password) > MaxPasswordLen
}

// NewRawKey makes a Key of up to KeyLen bytes, for peers that fill the whole
// field (OpenBSD folds nothing away; the recorded vectors have such a key).
func NewRawKey(raw []byte) Key {
	var b [KeyLen]byte
	copy(b[:], raw)
	return keyOf(b)
}

// Password is the secret itself, without its padding. Handle with care.
func (k Key) Password() string {
	b := k.bytes()
	return string(bytes.TrimRight(b[:], "\x00"))
}

// IsZero tells whether the key is the empty password.
func (k Key) IsZero() bool { return k == Key{} }

// Format implements fmt.Formatter, so that no verb can print the secret.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("redacted")) }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue("redacted") }

// MarshalText refuses: a Key must not reach JSON by accident. Who stores one
// does so by its Password.
func (k Key) MarshalText() ([]byte, error) {
	return nil, fmt.Errorf("carp: a key is not for encoding")
}

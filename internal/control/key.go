package control

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Key is a password on its way to whoever asked for it: any bytes. In JSON it is a
// string where it is UTF-8, which is for people to read, and otherwise an object
// {"base64": ...}, since encoding/json would mend the string.
type Key string

// encodedKey is a Key that is not UTF-8.
type encodedKey struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (k Key) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // whether to is for the encoder around this one
	if !utf8.ValidString(string(k)) {
		err := enc.Encode(encodedKey{[]byte(k)})
		return text.Bytes(), err
	}
	err := enc.Encode(string(k))
	return text.Bytes(), err
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *Key) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*k = Key(text)
		return nil
	}
	var encoded encodedKey
	err := json.Unmarshal(data, &encoded)
	*k = Key(encoded.Base64)
	return err
}

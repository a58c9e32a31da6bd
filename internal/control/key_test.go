package control

import (
	"encoding/json"
	"testing"
)

// A key comes through as it is, whatever its bytes, and reads as text where it is one.
func TestKey(t *testing.T) {
	for key, want := range map[Key]string{
		"":              `""`,
		"testpass":      `"testpass"`,
		"grün":          `"grün"`,
		"gr\xfcn":       `{"base64":"Z3L8bg=="}`,
		"a\"b\n\x00c":   `"a\"b\n\u0000c"`,
		"\xff":          `{"base64":"/w=="}`,
		`{"base64":""}`: `"{\"base64\":\"\"}"`,
	} {
		data, err := json.Marshal(&key)
		if err != nil || string(data) != want {
			t.Errorf("%q is %s, %v; want %s", string(key), data, err, want)
		}
		var back Key
		if err := json.Unmarshal(data, &back); err != nil || back != key {
			t.Errorf("%s became %q, %v", data, string(back), err)
		}
	}
	for _, bad := range []string{`7`, `{"base64":"*"}`, `[]`} {
		var k Key
		if err := json.Unmarshal([]byte(bad), &k); err == nil {
			t.Errorf("%s is %q", bad, string(k))
		}
	}
}

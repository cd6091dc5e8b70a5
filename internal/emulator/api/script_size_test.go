package api

import (
	"crypto/rand"
	"errors"
	"testing"
)

// The size after compression counts.
func TestScriptSize(t *testing.T) {
	noise := make([]byte, maxCompressed+1<<10)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	code := func(data []byte) error {
		_, err := newCode("index.js", "", []part{{file: "index.js", data: []byte("x")}, {file: "data.bin", data: data}})
		return err
	}
	var refused *failure
	if err := code(noise); !errors.As(err, &refused) || refused.problems[0].Code != workersScriptTooLarge {
		t.Errorf("noise: %v", err)
	}
	if err := code(make([]byte, 2*maxCompressed)); err != nil {
		t.Errorf("zeros: %v", err)
	}
}

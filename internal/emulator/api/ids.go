package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// newID returns an identifier of 32 hexadecimal digits, the usual form.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return hex.EncodeToString(id[:])
}

// newUUID returns a random (version 4) UUID, the form of the ids of dispatch
// namespaces, versions and deployments.
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return asUUID(id)
}

// derivedUUID returns the UUID of something that is derived from something
// else.
func derivedUUID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return asUUID([16]byte(sum[:16]))
}

func asUUID(id [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

package spec

// MaxTagBytes is how long a tag may be on the platform.
// Source: API error 100102.
const MaxTagBytes = 128

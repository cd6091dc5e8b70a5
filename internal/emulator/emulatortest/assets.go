package emulatortest

import (
	"encoding/base64"
	"slices"
	"strings"
)

// StaticFile is a file of a client.
type StaticFile struct{ path, Hash, contentType, content string }

func HashOf(digit string) string { return strings.Repeat(digit, 32) }

// AssetSession is the response to a list of files: a token, and the files that
// are missing.
type AssetSession struct {
	JWT     string
	Buckets [][]string
}

// Session begins an upload session for a script.
func (a *Account) Session(path string, files ...StaticFile) AssetSession {
	a.T.Helper()
	manifest := Object{}
	for _, file := range files {
		manifest[file.path] = Object{"hash": file.Hash, "size": len(file.content)}
	}
	var s AssetSession
	a.JSON("POST", path+"/assets-upload-session", Object{"manifest": manifest}).OK().Into(&s)
	return s
}

// SendAssets sends files with the token of a session.
func (a *Account) SendAssets(token string, files ...StaticFile) *Response {
	a.T.Helper()
	var parts []FilePart
	for _, file := range files {
		parts = append(parts, FilePart{file.Hash, file.Hash, file.contentType, base64.StdEncoding.EncodeToString([]byte(file.content))})
	}
	contentType, body := Form(a.T, "", nil, parts...)
	return a.Send("POST", "/workers/assets/upload?base64=true", contentType, body, "Authorization", "Bearer "+token)
}

// Completed uploads files for a script and returns the token that says so.
func (a *Account) Completed(path string, files ...StaticFile) string {
	a.T.Helper()
	s := a.Session(path, files...)
	var missing []StaticFile
	for _, file := range files {
		if slices.Contains(slices.Concat(s.Buckets...), file.Hash) {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return s.JWT
	}
	response := a.SendAssets(s.JWT, missing...)
	if response.Status != 201 {
		a.T.Fatalf("%d %s", response.Status, response.Body)
	}
	response.Into(&s)
	return s.JWT
}

// File returns a file of a client.
func File(path, hash, contentType, content string) StaticFile {
	return StaticFile{path, hash, contentType, content}
}

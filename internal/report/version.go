package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// Version is what a program was built from, and for what.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// VersionJSON writes a version as one document on a line.
func VersionJSON(w io.Writer, v Version) error { return json.NewEncoder(w).Encode(v) }

// VersionText writes a version for a person.
func VersionText(w io.Writer, v Version) error {
	built := v.Go + " " + v.Platform
	if v.Revision != "" {
		built = v.Revision + ", " + built
	}
	_, err := fmt.Fprintf(w, "wfpsync %s (%s)\n", v.Version, built)
	return err
}

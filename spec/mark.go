package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Worker that wfpsync uploads carries two tags: the owner, and the mark. They
// are part of the upload, so they are written atomically with what they
// describe, and the list of a namespace shows them without a request per
// Worker.
const (
	ownerPrefix = "wfpsync."

	// templatePrefix begins the tag that replaces the owner tag if a template
	// writes a Worker that another program owns. It is not an owner tag, so
	// nothing that goes by owner ever deletes such a Worker.
	templatePrefix = "wfpsync-template."

	markPrefix = "wfpsync-mark."

	// MarkVersion changes when the canonical form changes in a way that gives
	// equal Workers different digests.
	MarkVersion = 1

	// ReservedTags is how many of a script's eight tags wfpsync keeps for itself.
	ReservedTags = 2

	// TagPrefix starts every tag of ours, in any version.
	TagPrefix = "wfpsync"

	// digestLength is how many hex digits of a SHA-256 a mark holds: 64 bits.
	digestLength = 16

	markTime = "20060102T150405Z"

	// markProtected is in the mark of a Worker that must not be deleted.
	markProtected = "protected"
	// markUnproven is in the mark of a Worker that did not answer its probe.
	markUnproven = "unproven"
	// markAssets begins a field that only marks of Workers with assets have.
	markAssets = "assets-"
	// markSecrets begins the field with fingerprints of secrets.
	markSecrets = "secrets-"
)

// Mark is what an upload records about itself.
type Mark struct {
	Version  int       `json:"version"`
	Code     string    `json:"code"`     // digest of the code, see [Code.Digest]
	Settings string    `json:"settings"` // digest of the canonical settings
	Uploaded time.Time `json:"uploaded"` // on the server's clock, to the second

	// Protected says that the Worker must not be deleted.
	Protected bool `json:"protected,omitempty"`

	// Unproven says that the Worker was rolled out and did not answer its
	// probe.
	Unproven bool `json:"unproven,omitempty"`

	// Assets is the digest of the static assets; "" if there are none. See
	// [Assets.Digest].
	Assets string `json:"assets,omitempty"`

	// Secrets are fingerprints of the values that were written; "" without a
	// key.
	Secrets Fingerprints `json:"secrets,omitempty"`
}

// NewMark returns the mark of an upload at a time on the server's clock.
func NewMark(code, settings string, uploaded time.Time) Mark {
	return Mark{
		Version: MarkVersion, Code: ShortDigest(code), Settings: ShortDigest(settings),
		Uploaded: uploaded.UTC().Truncate(time.Second),
	}
}

// Tag returns the mark as a script tag.
func (m Mark) Tag() string {
	tag := fmt.Sprintf("%s%d.%s.%s.%s", markPrefix, m.Version, m.Code, m.Settings, m.Uploaded.UTC().Format(markTime))
	if m.Protected {
		tag += "." + markProtected
	}
	if m.Unproven {
		tag += "." + markUnproven
	}
	if m.Assets != "" {
		tag += "." + markAssets + m.Assets
	}
	if m.Secrets != "" {
		tag += "." + markSecrets + string(m.Secrets)
	}
	return tag
}

// WithSecrets returns the mark with the fingerprints of secrets, combined into
// one if a tag cannot hold them all.
func (m Mark) WithSecrets(f Fingerprints) Mark {
	if m.Secrets = f; len(m.Tag()) > MaxTagBytes {
		m.Secrets = f.combined()
	}
	return m
}

// Describes reports whether the mark was made of these digests by this version.
func (m Mark) Describes(code, settings string) bool {
	return m.Version == MarkVersion && m.Code == ShortDigest(code) && m.Settings == ShortDigest(settings)
}

// WithAssets returns the mark with the digest of assets.
func (m Mark) WithAssets(a *Assets) Mark {
	m.Assets = ShortDigest(a.Digest())
	return m
}

// DescribesAssets reports whether the mark was made of these assets, or of none.
func (m Mark) DescribesAssets(a *Assets) bool { return m.Assets == ShortDigest(a.Digest()) }

// ParseMark reads what [Mark.Tag] writes, and ignores fields that a later
// version appends.
func ParseMark(tag string) (Mark, bool) {
	rest, ok := strings.CutPrefix(tag, markPrefix)
	if !ok {
		return Mark{}, false
	}
	fields := strings.Split(rest, ".")
	if len(fields) < 4 || !isMarkDigest(fields[1]) || !isMarkDigest(fields[2]) {
		return Mark{}, false
	}
	version, err := strconv.Atoi(fields[0])
	if err != nil || version < 1 {
		return Mark{}, false
	}
	uploaded, err := time.Parse(markTime, fields[3])
	if err != nil {
		return Mark{}, false
	}
	m := Mark{Version: version, Code: fields[1], Settings: fields[2], Uploaded: uploaded}
	for _, field := range fields[4:] {
		if digest, ok := strings.CutPrefix(field, markAssets); ok && isMarkDigest(digest) {
			m.Assets = digest
		}
		if prints, ok := strings.CutPrefix(field, markSecrets); ok && markFingerprints.MatchString(prints) {
			m.Secrets = Fingerprints(prints)
		}
		m.Protected = m.Protected || field == markProtected
		m.Unproven = m.Unproven || field == markUnproven
	}
	return m, true
}

func isMarkDigest(s string) bool {
	return len(s) == digestLength && strings.Trim(s, "0123456789abcdef") == ""
}

// OwnerTag returns the tag of a script that a stack owns.
func OwnerTag(stack string) string { return ownerPrefix + stack }

// TemplateTag returns the tag of a script that a stack's template wrote.
func TemplateTag(stack string) string { return templatePrefix + stack }

// Ownership reads a script's tags: the owner, "" if there is none; the mark,
// nil if none can be read; and all other tags, in order.
func Ownership(tags []string) (owner string, mark *Mark, rest []string) {
	for _, tag := range tags {
		if m, ok := ParseMark(tag); ok {
			mark = &m
		} else if stack, ok := strings.CutPrefix(tag, ownerPrefix); ok {
			owner = stack
		} else if !strings.HasPrefix(tag, templatePrefix) {
			rest = append(rest, tag)
		}
	}
	return owner, mark, rest
}

// TemplateOf returns the stack whose template wrote a script last, by its tags;
// "" if there is none.
func TemplateOf(tags []string) string {
	for _, tag := range tags {
		if stack, ok := strings.CutPrefix(tag, templatePrefix); ok {
			return stack
		}
	}
	return ""
}

// MarkedTags returns the tags to upload: the Worker's own, the owner and the
// mark.
func MarkedTags(tags []string, stack string, mark Mark) []string {
	return append(slices.Clone(tags), OwnerTag(stack), mark.Tag())
}

// MarkedTags returns the tags that the script has after a write for a stack.
func (s *Script) MarkedTags(stack string, mark Mark) []string {
	if s.IsTemplate() {
		return append(slices.Clone(s.Tags), TemplateTag(stack), mark.Tag())
	}
	return MarkedTags(s.Tags, stack, mark)
}

// ShortDigest returns as much of a digest as marks and plans show.
func ShortDigest(digest string) string {
	if len(digest) > digestLength {
		return digest[:digestLength]
	}
	return digest
}

// MaxTagBytes is the platform's limit on the length of a tag. Source: API error
// 100102.
const MaxTagBytes = 128

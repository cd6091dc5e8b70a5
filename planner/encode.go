package planner

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// Encode returns a plan as JSON.
func Encode(p *Plan) ([]byte, error) {
	var data bytes.Buffer
	err := Write(&data, p)
	return data.Bytes(), err
}

// Write writes a plan as JSON. The contents of static files, which may be
// larger than memory, are streamed from their source.
func Write(w io.Writer, p *Plan) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	if _, err := w.Write(bytes.TrimSuffix(data, []byte("\n}"))); err != nil {
		return err
	}
	if err := p.writeContents(w); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n}\n")
	return err
}

// Decode reads a plan that [Encode] wrote.
func Decode(data []byte) (*Plan, error) { return Read(bytes.NewReader(data), int64(len(data))) }

// Read reads a plan that [Write] wrote. It leaves the contents of static files
// in r, so r must stay open until the plan is applied. Plans of another major
// version, and plans that were edited, are errors; for the latter the error is
// a [*Tampered].
func Read(r io.ReaderAt, size int64) (*Plan, error) {
	source := &planSource{plan: r, spans: map[string]span{}}
	data, err := splitContents(io.NewSectionReader(r, 0, size), source)
	if err != nil {
		return nil, fmt.Errorf("not a plan file: %w", err)
	}
	newer, err := checkVersion(data)
	if err != nil {
		return nil, err
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("plan file is damaged: %w", err)
	}
	for digest, assets := range p.Assets {
		assets.source = source
		p.Assets[digest] = assets
	}
	if err := p.verify(); err != nil {
		if newer != nil {
			return nil, newer // the digests cover fields that this version does not know
		}
		return nil, err
	}
	if err := p.checkRolloutMembers(); err != nil {
		return nil, fmt.Errorf("plan file is damaged: %w", err)
	}
	p.linkCode()
	p.linkAssets()
	return &p, nil
}

// splitContents returns the plan without the contents of static files, whose
// positions the source records.
func splitContents(r io.Reader, source *planSource) ([]byte, error) {
	decoder := json.NewDecoder(r)
	opening, err := decoder.Token()
	switch {
	case err != nil:
		return nil, err
	case opening != json.Delim('{'):
		return nil, errors.New("it is not a mapping")
	}
	rest := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if name == contentsKey {
			err = source.readContents(decoder)
		} else {
			var value json.RawMessage
			err = decoder.Decode(&value)
			rest[name] = value
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("the plan is followed by other data")
	}
	return json.Marshal(rest)
}

// checkVersion fails for a plan of another major version. A later minor version
// may have fields that this one does not know; newer is the error to report if
// the plan then turns out to be unreadable.
func checkVersion(data []byte) (newer, err error) {
	var header struct {
		FormatVersion string `json:"format_version"`
		Tool          string `json:"tool"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return nil, fmt.Errorf("not a plan file: %w", err)
	}
	major, minor, _ := strings.Cut(header.FormatVersion, ".")
	ours, known, _ := strings.Cut(FormatVersion, ".")
	if major != ours {
		return nil, fmt.Errorf("plan has format version %q, and this wfpsync reads version %s: make the plan again", header.FormatVersion, FormatVersion)
	}
	is, _ := strconv.Atoi(minor)
	if supported, _ := strconv.Atoi(known); is > supported {
		newer = fmt.Errorf("plan has format version %s, newer than the %s that this wfpsync reads: use %s, which made it, or make the plan again", header.FormatVersion, FormatVersion, header.Tool)
	}
	return newer, nil
}

// Tampered says that a plan does not match its digests.
type Tampered struct {
	// Address is the first edited change; zero if the edit is elsewhere.
	Address spec.Address

	// What names the edited part if it is not a change.
	What string
}

func (t *Tampered) Error() string {
	if t.Address.IsZero() {
		return fmt.Sprintf("the plan was edited after it was made: %s does not match its digest", t.What)
	}
	return fmt.Sprintf("the plan was edited after it was made: the change of %s does not match its digest", t.Address)
}

// seal computes the digests.
func (p *Plan) seal() error {
	failed := make([]error, len(p.Changes))
	parallel(len(p.Changes), func(i int) { p.Changes[i].Digest, failed[i] = p.Changes[i].digest() })
	if err := cmp.Or(failed...); err != nil {
		return err
	}
	digest, err := p.digest()
	if err != nil {
		return err
	}
	p.Digest = digest
	return nil
}

// verify recomputes the digests and compares them.
func (p *Plan) verify() error {
	failed := make([]error, len(p.Changes))
	parallel(len(p.Changes), func(i int) {
		digest, err := p.Changes[i].digest()
		if err == nil && digest != p.Changes[i].Digest {
			err = &Tampered{Address: p.Changes[i].Address}
		}
		failed[i] = err
	})
	if err := cmp.Or(failed...); err != nil {
		return err
	}
	digest, err := p.digest()
	if err != nil {
		return err
	}
	if digest != p.Digest {
		return &Tampered{What: "its head or the list of its changes"}
	}
	for _, all := range []map[string]Code{p.Code, p.LiveCode} {
		if err := verifyCode(all); err != nil {
			return err
		}
	}
	return p.verifyAssets()
}

func verifyCode(all map[string]Code) error {
	for _, digest := range slices.Sorted(maps.Keys(all)) {
		var code spec.Code
		code.Complete(all[digest].MainModule, all[digest].Modules)
		if code.Digest != digest {
			return &Tampered{What: "the code " + spec.ShortDigest(digest)}
		}
	}
	return nil
}

// digest hashes everything in the change except the hash itself and positions
// in the stack file, which do not affect what is done.
func (c Change) digest() (string, error) {
	c.Digest, c.At = "", diag.Range{}
	if c.Blocked != nil {
		placeless := *c.Blocked
		placeless.At = diag.Range{}
		c.Blocked = &placeless
	}
	return hash("wfpsync change 1\n", c)
}

// digest hashes what the plan would do. Guards, summary and diagnostics follow
// from that, or do not change it.
func (p *Plan) digest() (string, error) {
	changes := make([]string, len(p.Changes))
	for i, c := range p.Changes {
		changes[i] = c.Digest
	}
	digest, err := hash("wfpsync plan 1\n", struct {
		FormatVersion, Stack, AccountID string
		Mode                            Mode
		Changes                         []string
		Partial                         *Partial  `json:",omitempty"`
		Rollouts                        []Rollout `json:",omitempty"`
	}{p.FormatVersion, p.Stack, p.Account.ID, p.Mode, changes, p.Partial, p.Rollouts})
	return "sha256:" + digest, err
}

func hash(prefix string, value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode plan: %w", err)
	}
	h := sha256.New()
	io.WriteString(h, prefix)
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ErrNoCode says that a plan was saved without the code, or the static files,
// that it uploads.
var ErrNoCode = errors.New("the plan holds no code: it is an outline for reading; save one to apply with --out")

// linkCode replaces the digests in the desired Workers by the code that the
// plan embeds.
func (p *Plan) linkCode() {
	linked := map[string]*spec.Code{}
	for _, c := range p.Changes {
		script, ok := c.Desired.(spec.Scripted)
		if !ok || script.AsScript().Code == nil {
			continue
		}
		definition := script.AsScript()
		digest := definition.Code.Digest
		if embedded, found := p.Code[digest]; found && linked[digest] == nil {
			code := &spec.Code{}
			code.Complete(embedded.MainModule, embedded.Modules)
			linked[digest] = code
		}
		if linked[digest] != nil {
			definition.Code = linked[digest]
		}
	}
}

// Complete returns [ErrNoCode] unless the plan holds everything that is needed
// to apply it.
func (p *Plan) Complete() error {
	for _, c := range p.Changes {
		if !c.uploads() {
			continue
		}
		if code := c.Desired.(spec.Scripted).AsScript().Code; len(code.Modules) == 0 && code.IsUploaded() {
			return ErrNoCode
		}
	}
	for _, assets := range p.desiredAssets() {
		if assets.Files.Source == nil {
			return ErrNoCode
		}
	}
	return nil
}

// dropUnuploaded drops the code and files of Workers that are not uploaded, so
// that a plan is equal before it is saved and after it is read. Their digests
// stay, for the mark.
func (p *Plan) dropUnuploaded() {
	for i, c := range p.Changes {
		script, scripted := c.Desired.(spec.Scripted)
		if !scripted || c.uploads() || script.AsScript().Code == nil {
			continue
		}
		definition := *script.AsScript()
		definition.Code = &spec.Code{Digest: definition.Code.Digest}
		if assets := definition.Assets; assets != nil && assets.Files != nil {
			outline := *assets
			outline.Files = &spec.AssetFiles{Digest: assets.Files.Digest}
			definition.Assets = &outline
		}
		p.Changes[i].Desired = script.WithScript(definition)
	}
}

// embed collects what the changes upload.
func (p *Plan) embed() {
	p.embedCode()
	p.embedAssets()
}

func (p *Plan) embedCode() {
	for _, c := range p.Changes {
		if !c.uploads() {
			continue
		}
		code := c.Desired.(spec.Scripted).AsScript().Code
		if !code.IsUploaded() {
			continue
		}
		if p.Code == nil {
			p.Code = map[string]Code{}
		}
		p.Code[code.Digest] = Code{MainModule: code.MainModule, Modules: code.Modules}
	}
}

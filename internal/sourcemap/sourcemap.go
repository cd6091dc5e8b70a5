// Package sourcemap finds the source of code that a bundler has generated. See
// ECMA-426.
//
// It knows a file format and nothing of ours, so both the account on this
// machine and its clients may use it.
package sourcemap

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A Map maps positions in a module to positions in its sources.
type Map struct {
	sources []string
	lines   [][]segment // by line of the module, sorted by column
}

// A segment begins at a column of the module. Everything counts from 0.
type segment struct{ column, source, line, sourceColumn int }

// Parse reads a source map of version 3. It removes leading "../" from the
// names of sources: "../src/a.ts" is "src/a.ts".
func Parse(raw []byte) (Map, error) {
	var file struct {
		Version    int      `json:"version"`
		SourceRoot string   `json:"sourceRoot"`
		Sources    []string `json:"sources"`
		Mappings   string   `json:"mappings"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return Map{}, err
	}
	if file.Version != 3 {
		return Map{}, fmt.Errorf("version %d of source maps is unknown", file.Version)
	}
	parsed := Map{}
	for _, source := range file.Sources {
		parsed.sources = append(parsed.sources, strings.TrimLeft(path.Join(file.SourceRoot, source), "./"))
	}
	var at segment
	for line := range strings.SplitSeq(file.Mappings, ";") {
		at.column = 0
		var segments []segment
		for field := range strings.SplitSeq(line, ",") {
			numbers, err := decodeVLQ(field)
			if err != nil {
				return Map{}, err
			}
			if len(numbers) > 0 {
				at.column += numbers[0]
			}
			if len(numbers) < 4 {
				continue // it has no source
			}
			at.source += numbers[1]
			at.line += numbers[2]
			at.sourceColumn += numbers[3]
			segments = append(segments, at)
		}
		parsed.lines = append(parsed.lines, segments)
	}
	return parsed, nil
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeVLQ decodes numbers of six-bit digits. The sixth bit says that another
// digit follows, and the lowest bit of the first is the sign.
func decodeVLQ(text string) ([]int, error) {
	var numbers []int
	value, shift := 0, 0
	for _, c := range []byte(text) {
		digit := strings.IndexByte(base64Digits, c)
		if digit < 0 || shift > 30 {
			return nil, errors.New("the mappings are malformed")
		}
		value |= (digit & 31) << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		number := value >> 1
		if value&1 != 0 {
			number = -number
		}
		numbers = append(numbers, number)
		value, shift = 0, 0
	}
	return numbers, nil
}

// A Place is a position in a source. Lines and columns count from 1, as in
// stack traces.
type Place struct {
	Source       string
	Line, Column int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.Source, p.Line, p.Column) }

// Find returns the source of a position in the module, which also counts from
// 1.
func (m Map) Find(line, column int) (Place, bool) {
	line, column = line-1, column-1
	if line < 0 || line >= len(m.lines) {
		return Place{}, false
	}
	var best *segment
	for i, s := range m.lines[line] {
		if s.column > column {
			break
		}
		best = &m.lines[line][i]
	}
	if best == nil || best.source < 0 || best.source >= len(m.sources) {
		return Place{}, false
	}
	return Place{m.sources[best.source], best.line + 1, best.sourceColumn + 1}, true
}

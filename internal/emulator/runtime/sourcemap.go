package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// position is a place in a module, as stacks write it: "index.js:12:34".
var position = regexp.MustCompile(`([^\s()]+):(\d+):(\d+)`)

// mapStack replaces places in uploaded modules by places in what they were made of, as far as source maps were uploaded
// with them.
func (r *Runtime) mapStack(id, stack string) string {
	namespaceID, name, _ := strings.Cut(id, "/")
	maps := map[string]sourceMap{}
	_ = r.options.Store.View(func(tx *store.Tx) error { // a stack that is not mapped is still one
		scripts := tx.Workers(r.options.Account)
		if namespaceID != "" {
			scripts = tx.UserWorkers(r.options.Account, namespaceID)
		}
		script, _ := scripts.Get(name)
		for _, m := range script.SourceMaps {
			if parsed, err := parseSourceMap(tx.Blob(m.Hash)); err == nil {
				maps[m.Name] = parsed
			}
		}
		return nil
	})
	return position.ReplaceAllStringFunc(stack, func(place string) string {
		parts := position.FindStringSubmatch(place)
		line, _ := strconv.Atoi(parts[2])
		column, _ := strconv.Atoi(parts[3])
		if original, ok := maps[parts[1]+".map"].find(line-1, column-1); ok {
			return original
		}
		return place
	})
}

// A sourceMap says which place of a module comes from which place of a source. See ECMA-426.
type sourceMap struct {
	sources []string
	lines   [][]segment // by line of the module, sorted by column
}

// A segment begins at a column of the module; everything counts from 0.
type segment struct{ column, source, line, sourceColumn int }

func parseSourceMap(raw []byte) (sourceMap, error) {
	var file struct {
		Version    int      `json:"version"`
		SourceRoot string   `json:"sourceRoot"`
		Sources    []string `json:"sources"`
		Mappings   string   `json:"mappings"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return sourceMap{}, err
	}
	if file.Version != 3 {
		return sourceMap{}, fmt.Errorf("version %d of source maps is unknown", file.Version)
	}
	parsed := sourceMap{}
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
				return sourceMap{}, err
			}
			if len(numbers) > 0 {
				at.column += numbers[0]
			}
			if len(numbers) < 4 {
				continue // it comes from nowhere
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

// decodeVLQ decodes numbers of six-bit digits, of which the sixth bit says that there is more, and the lowest of all is
// the sign.
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

// find returns the place that a place of the module comes from, as stacks write it.
func (m sourceMap) find(line, column int) (string, bool) {
	if line < 0 || line >= len(m.lines) {
		return "", false
	}
	var best *segment
	for i, s := range m.lines[line] {
		if s.column > column {
			break
		}
		best = &m.lines[line][i]
	}
	if best == nil || best.source < 0 || best.source >= len(m.sources) {
		return "", false
	}
	return fmt.Sprintf("%s:%d:%d", m.sources[best.source], best.line+1, best.sourceColumn+1), true
}

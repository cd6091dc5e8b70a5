package runtime

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
	"github.com/wfpsync/wfpsync/internal/sourcemap"
)

// position is a position in a module, as in stack traces: "index.js:12:34".
var position = regexp.MustCompile(`([^\s()]+):(\d+):(\d+)`)

// mapStack replaces positions in uploaded modules by positions in their
// sources, as far as source maps were uploaded with them, or Options.Origin
// knows them.
func (r *Runtime) mapStack(worker, id, stack string) string {
	namespaceID, name, _ := strings.Cut(id, "/")
	maps := map[string]sourcemap.Map{}
	_ = r.parts.Store.View(func(tx *store.Tx) error { // an unmapped stack will do
		scripts := tx.Workers(r.options.Account)
		if namespaceID != "" {
			scripts = tx.UserWorkers(r.options.Account, namespaceID)
		}
		script, _ := scripts.Get(name)
		for _, m := range script.SourceMaps {
			if parsed, err := sourcemap.Parse(tx.Blob(m.Hash)); err == nil {
				maps[m.Name] = parsed
			}
		}
		return nil
	})
	return position.ReplaceAllStringFunc(stack, func(place string) string {
		parts := position.FindStringSubmatch(place)
		line, _ := strconv.Atoi(parts[2])
		column, _ := strconv.Atoi(parts[3])
		if original, ok := maps[parts[1]+".map"].Find(line, column); ok {
			return original.String()
		}
		if r.options.Origin != nil {
			if original := r.options.Origin(worker, parts[1], line, column); original != "" {
				return original
			}
		}
		return place
	})
}

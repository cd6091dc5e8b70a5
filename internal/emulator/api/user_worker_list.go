package api

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// ListShape is the shape of the scripts in the list of a namespace, and of a
// missing one. The schema describes nested items, while clients of the real API
// read flat ones, and sources from different years differ about tags and etags.
// So all of it can be set, and a client should be tested with each.
type ListShape struct {
	Nested      bool // {"created_on", "modified_on", "dispatch_namespace", "script": {…}} instead of the flat script
	WithoutTags bool
	WithoutETag bool
	MaxPage     int // the largest page, whatever limit asks for; 0 means 1000

	// NullScript makes a GET of a missing script return 200 and {"script":
	// null}, as two products have seen on the live API, and not 404 as wrangler
	// expects.
	NullScript bool
}

const (
	largestPage = 1000
	usualPage   = 100
)

// SetListShape changes the shape of the lists from now on.
func (s *Server) SetListShape(shape ListShape) {
	if shape.MaxPage <= 0 || shape.MaxPage > largestPage {
		shape.MaxPage = largestPage
	}
	s.listShape.Store(&shape)
}

func (shape ListShape) item(namespace string, head store.Head) any {
	view := viewScript(head)
	if shape.WithoutTags {
		view.Tags = nil
	}
	if shape.WithoutETag {
		view.ETag = ""
	}
	if shape.Nested {
		return viewNamespaced(namespace, view)
	}
	return view
}

// listUserWorkers responds in pages, sorted by name. A limit above the largest
// page is reduced rather than refused, so that a client must rely on the cursor
// and not on its own arithmetic.
func (s *Server) listUserWorkers(c *call) (reply, error) {
	query := c.query()
	filter, err := parseTagFilter(query.Get("tags"))
	if err != nil {
		return reply{}, err
	}
	limit, err := number(query, "limit", usualPage, workersMalformedParameter)
	if err != nil {
		return reply{}, err
	}
	if limit < 1 {
		return reply{}, fail(http.StatusBadRequest, workersMalformedParameter, "limit must be at least 1")
	}
	after, err := decodeCursor(query.Get("cursor"))
	if err != nil {
		return reply{}, fail(http.StatusBadRequest, workersMalformedParameter, "The cursor is not one of this list")
	}
	shape := *s.listShape.Load()
	limit = min(limit, shape.MaxPage)

	items := []any{}
	cursor := ""
	err = c.view(func(tx *store.Tx) error {
		scripts, err := userWorkers{}.scripts(c, tx)
		if err != nil {
			return err
		}
		last := ""
		for head := range scripts.Heads(after) {
			if !filter.matches(head.Tags) {
				continue
			}
			if len(items) == limit {
				cursor = encodeCursor(last) // there are more
				break
			}
			items = append(items, shape.item(c.param("namespace"), head))
			last = head.Name
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{result: items, info: cursorInfo{Count: len(items), Cursor: cursor}}, nil
}

// deleteUserWorkers deletes the scripts that match a tag filter, at most limit
// of them.
//
// The filter is optional in the schema, and it is not documented what the
// operation does without one. It may well delete everything. Here it is
// refused, so that neither a test nor a slip ever finds out.
func (s *Server) deleteUserWorkers(c *call) (reply, error) {
	query := c.query()
	filter, err := parseTagFilter(query.Get("tags"))
	if err != nil {
		return reply{}, err
	}
	if len(filter) == 0 {
		return reply{}, fail(http.StatusBadRequest, workersMissingParameter,
			"Deleting scripts needs a filter: the query parameter tags")
	}
	limit, err := number(query, "limit", -1, workersMalformedParameter)
	if err != nil {
		return reply{}, err
	}
	err = c.update(func(tx *store.Tx) error {
		scripts, err := userWorkers{}.scripts(c, tx)
		if err != nil {
			return err
		}
		var names []string
		for head := range scripts.Heads("") {
			if len(names) == limit {
				break
			}
			if filter.matches(head.Tags) {
				names = append(names, head.Name)
			}
		}
		for _, name := range names {
			scripts.Delete(name)
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

// A cursor is the last name of the previous page, made opaque so that clients
// do not build one.
const cursorMark = "after:"

func encodeCursor(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorMark + name))
}

func decodeCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", err
	}
	name, isOurs := strings.CutPrefix(string(raw), cursorMark)
	if !isOurs {
		return "", base64.CorruptInputError(0)
	}
	return name, nil
}

// A tagFilter is the query parameter tags: "a:yes,b:no" matches scripts with
// the tag a and without the tag b. That all conditions must hold is an
// assumption: the documents only say "match the filter".
type tagFilter []tagCondition

type tagCondition struct {
	tag    string
	wanted bool
}

// parseTagFilter reads a filter. An empty text matches everything. A tag may
// contain colons, so yes or no follows the last one.
func parseTagFilter(text string) (tagFilter, error) {
	if text == "" {
		return nil, nil
	}
	var filter tagFilter
	for condition := range strings.SplitSeq(text, ",") {
		colon := strings.LastIndexByte(condition, ':')
		if colon <= 0 {
			return nil, badTagFilter(condition)
		}
		tag, response := condition[:colon], condition[colon+1:]
		if response != "yes" && response != "no" {
			return nil, badTagFilter(condition)
		}
		filter = append(filter, tagCondition{tag: tag, wanted: response == "yes"})
	}
	return filter, nil
}

func badTagFilter(condition string) error {
	return fail(http.StatusBadRequest, workersMalformedParameter,
		"The tag filter %q is malformed: it must look like tag:yes or tag:no", condition)
}

func (f tagFilter) matches(tags []string) bool {
	for _, condition := range f {
		if slices.Contains(tags, condition.tag) != condition.wanted {
			return false
		}
	}
	return true
}

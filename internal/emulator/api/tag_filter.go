package api

import (
	"net/http"
	"slices"
	"strings"
)

// A tagFilter is the query parameter tags: "a:yes,b:no" wants scripts with the tag a and without the tag b. That
// several conditions must all hold is an assumption; the documents only say "match the filter".
type tagFilter []tagCondition

type tagCondition struct {
	tag    string
	wanted bool
}

// parseTagFilter reads a filter; an empty text is the filter that matches everything. A tag may contain colons, so the
// answer is what comes after the last one.
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
		tag, answer := condition[:colon], condition[colon+1:]
		if answer != "yes" && answer != "no" {
			return nil, badTagFilter(condition)
		}
		filter = append(filter, tagCondition{tag: tag, wanted: answer == "yes"})
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

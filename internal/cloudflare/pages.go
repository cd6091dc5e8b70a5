package cloudflare

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
)

// PageInfo is what a numbered page says about the whole list. The SDK's type
// lacks both totals.
type PageInfo struct {
	PerPage    int `json:"per_page"`
	TotalPages int `json:"total_pages"`
	TotalCount int `json:"total_count"`
}

// AllPages reads a list by page number. fetch returns a page and its raw JSON.
//
// The SDK's own pager asks until a page is empty, endlessly if the server
// ignores the page number, and it drops the context after page one. AllPages
// stops where the server says that the list ends, otherwise at a page that is
// not full, and always at a page that has nothing new. perPage is 0 if the size
// of a page is not known.
func AllPages[T any](ctx context.Context, perPage int, fetch func(ctx context.Context, page float64) ([]T, string, error), id func(T) string) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for page := 1; ; page++ {
		items, raw, err := fetch(ctx, float64(page))
		if err != nil {
			return nil, Plain(err)
		}
		before := len(all)
		for _, item := range items {
			if !seen[id(item)] {
				seen[id(item)] = true
				all = append(all, item)
			}
		}
		var response struct {
			Info PageInfo `json:"result_info"`
		}
		if err := json.Unmarshal([]byte(raw), &response); err != nil {
			return nil, err
		}
		if len(all) == before || response.Info.Last(page, perPage, len(items), len(all)) {
			return all, nil
		}
	}
}

// Last reports whether a page is the last one. It has onPage items, and all
// pages up to it have sofar.
func (i PageInfo) Last(page, perPage, onPage, sofar int) bool {
	if i.PerPage > 0 {
		perPage = i.PerPage // the server may send fewer than it was asked for
	}
	switch {
	case i.TotalPages > 0:
		return page >= i.TotalPages
	case i.TotalCount > 0:
		return sofar >= i.TotalCount
	default:
		return onPage < perPage || perPage == 0 // there are no pages
	}
}

// IsList returns an error if the API sent something other than a list, which
// the SDK takes for an empty list.
func IsList(what, raw string) error {
	if gjson.Get(raw, "result").IsArray() {
		return nil
	}
	return fmt.Errorf("the response to the list of %s has an unexpected shape: its result is not a list", what)
}

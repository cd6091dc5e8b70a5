package api

import (
	"net/http"
	"net/url"
	"strconv"
)

// A pageRange limits per_page of an endpoint.
type pageRange struct{ min, max, byDefault int }

// pageInfo is the result_info of numbered pages.
type pageInfo struct {
	countInfo
	TotalPages int `json:"total_pages"`
}

// countInfo is the result_info of numbered pages without their number.
type countInfo struct {
	Page       int `json:"page"`
	PerPage    int `json:"per_page"`
	Count      int `json:"count"`
	TotalCount int `json:"total_count"`
}

// cursorInfo is the result_info of lists with a cursor. An empty cursor means
// the end.
type cursorInfo struct {
	Count  int    `json:"count"`
	Cursor string `json:"cursor"`
}

// pageOf returns the page that a query asks for. As on the real API, a page
// beyond the end is empty.
func pageOf[T any](all []T, query url.Values, allowed pageRange, code int) (reply, error) {
	page, err := number(query, "page", 1, code)
	if err != nil {
		return reply{}, err
	}
	perPage, err := number(query, "per_page", allowed.byDefault, code)
	if err != nil {
		return reply{}, err
	}
	if page < 1 || perPage < allowed.min || perPage > allowed.max {
		return reply{}, fail(http.StatusBadRequest, code,
			"page must be at least 1 and per_page between %d and %d", allowed.min, allowed.max)
	}
	from := len(all)
	if page-1 < len(all)/perPage+1 { // also keeps the product from overflowing
		from = min((page-1)*perPage, len(all))
	}
	items := append([]T{}, all[from:min(from+perPage, len(all))]...)
	return reply{result: items, info: pageInfo{
		countInfo:  countInfo{Page: page, PerPage: perPage, Count: len(items), TotalCount: len(all)},
		TotalPages: (len(all) + perPage - 1) / perPage,
	}}, nil
}

// number reads an integer from a query.
func number(query url.Values, name string, absent, code int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fail(http.StatusBadRequest, code, "%s must be a number, not %q", name, text)
	}
	return n, nil
}

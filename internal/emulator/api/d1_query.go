package api

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// d1Query is a query, or several in a batch.
// Source: API reference, "Query D1 Database" and "Raw D1 Database Query".
type d1Query struct {
	SQL    string    `json:"sql"`
	Params []any     `json:"params"`
	Batch  []d1Query `json:"batch"`
}

// d1Result is the result of one statement. Results are rows as objects, or in
// the form of /raw.
type d1Result struct {
	Results any    `json:"results"`
	Success bool   `json:"success"`
	Meta    d1Meta `json:"meta"`
}

type d1Meta struct {
	ServedBy    string  `json:"served_by"`
	Duration    float64 `json:"duration"` // in milliseconds
	Changes     int     `json:"changes"`
	LastRowID   int     `json:"last_row_id"`
	ChangedDB   bool    `json:"changed_db"`
	SizeAfter   int     `json:"size_after"`
	RowsRead    int     `json:"rows_read"`
	RowsWritten int     `json:"rows_written"`
}

func (s *Server) queryD1Database(c *call) (reply, error) {
	return s.runD1(c, func(r runtime.Rows) any {
		rows := make([]map[string]any, len(r.Rows))
		for i, row := range r.Rows {
			rows[i] = map[string]any{}
			for j, column := range r.Columns {
				rows[i][column] = row[j]
			}
		}
		return rows
	})
}

func (s *Server) rawD1Database(c *call) (reply, error) {
	return s.runD1(c, func(r runtime.Rows) any {
		return map[string]any{"columns": orNone(r.Columns), "rows": orNone(r.Rows)}
	})
}

// orNone returns a list that is [] in JSON if it is empty.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// runD1 runs a query, all of it or nothing.
func (s *Server) runD1(c *call, shape func(runtime.Rows) any) (reply, error) {
	var database store.D1Database
	if err := c.view(func(tx *store.Tx) (err error) {
		database, err = findD1Database(c, tx)
		return err
	}); err != nil {
		return reply{}, err
	}
	var body d1Query
	if err := c.json(&body, errD1Malformed); err != nil {
		return reply{}, err
	}
	statements, err := body.statements()
	if err != nil {
		return reply{}, err
	}
	if s.parts.Query == nil {
		return reply{}, fail(http.StatusServiceUnavailable, d1QueryFailed, "the local account runs queries on workerd, which is not installed: `wfpsync local install-runtime` installs it")
	}
	began := time.Now()
	made, err := s.parts.Query(c.r.Context(), database.UUID, statements)
	var refused *runtime.QueryError
	if errors.As(err, &refused) {
		return reply{}, fail(http.StatusBadRequest, d1QueryFailed, "%s", refused.Text)
	}
	if err != nil {
		return reply{}, err
	}
	took := float64(time.Since(began).Microseconds()) / 1000
	results := make([]d1Result, len(made))
	for i, r := range made {
		results[i] = d1Result{shape(r), true, d1Meta{
			ServedBy: "local", Duration: took, Changes: r.Changes, LastRowID: r.LastID, ChangedDB: r.Changes > 0,
			SizeAfter: r.Size, RowsRead: r.Read, RowsWritten: r.Written,
		}}
	}
	return ok(results)
}

// statements returns the single statements of a query.
func (q d1Query) statements() ([]runtime.Statement, error) {
	var list []runtime.Statement
	if q.Batch == nil {
		q.Batch = []d1Query{{SQL: q.SQL, Params: q.Params}}
	}
	for _, one := range q.Batch {
		texts := splitSQL(one.SQL)
		if len(texts) > 1 && len(one.Params) > 0 {
			return nil, fail(http.StatusBadRequest, d1InvalidRequest, "params belong to one statement, and sql has %d", len(texts))
		}
		for _, text := range texts {
			list = append(list, runtime.Statement{Text: text, Values: orNone(one.Params)})
		}
	}
	if len(list) == 0 {
		return nil, fail(http.StatusBadRequest, d1InvalidRequest, "sql holds no statement")
	}
	return list, nil
}

// sqlToken is a comment, something quoted, a word, or any other character. An
// unclosed comment or quote reaches to the end.
// Source: https://sqlite.org/lang.html, "The SQL Language: comments, keywords".
var sqlToken = regexp.MustCompile("(?s)--[^\n]*|/\\*.*?(?:\\*/|$)|'(?:[^']|'')*(?:'|$)|\"[^\"]*(?:\"|$)|`[^`]*(?:`|$)|\\[[^\\]]*(?:\\]|$)|[A-Za-z_]\\w*|.")

var isTrigger = regexp.MustCompile(`(?i)^create\s+(temp\s+|temporary\s+)?trigger\b`)

// splitSQL returns the statements of text, without empty ones. The body of a
// trigger contains statements, up to an END that does not close a CASE.
func splitSQL(text string) []string {
	var list []string
	var statement strings.Builder // without comments
	depth := 0                    // of BEGIN and CASE in a trigger
	finish := func() {
		if s := strings.TrimSpace(statement.String()); s != "" {
			list = append(list, s)
		}
		statement.Reset()
		depth = 0
	}
	for _, token := range sqlToken.FindAllString(text, -1) {
		switch upper := strings.ToUpper(token); {
		case strings.HasPrefix(token, "--"), strings.HasPrefix(token, "/*"):
			token = " "
		case token == ";" && depth == 0:
			finish()
			continue
		case upper == "BEGIN" || upper == "CASE":
			if isTrigger.MatchString(strings.TrimSpace(statement.String())) {
				depth++
			}
		case upper == "END" && depth > 0:
			depth--
		}
		statement.WriteString(token)
	}
	finish()
	return list
}

package runtime

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// A Statement is SQL, with the values of its parameters.
type Statement struct {
	Text   string `json:"text"`
	Values []any  `json:"values"`
}

// Rows are the result of a statement.
type Rows struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	Read    int      `json:"read"`
	Written int      `json:"written"`
	Changes int      `json:"changes"`
	LastID  int      `json:"id"`
	Size    int      `json:"size"` // of the database, in bytes
}

// A QueryError is the database's error about a query.
type QueryError struct{ Text string }

func (e *QueryError) Error() string { return e.Text }

// ErrClosed is the error of a closed Runtime.
var ErrClosed = errors.New("the runtime is closed")

// Query runs statements on a D1 database, all or none, in the process in which
// its Workers use it.
func (r *Runtime) Query(ctx context.Context, database string, statements []Statement) ([]Rows, error) {
	select {
	case <-r.stopped:
		return nil, ErrClosed
	default:
	}
	p, err := r.youngest(ctx)
	if err != nil {
		return nil, err
	}
	return p.query(ctx, database, statements)
}

// Query runs statements on a D1 database that no Runtime uses, in a new
// workerd. dir is Options.Dir.
func Query(ctx context.Context, binary, dir, database string, statements []Statement) ([]Rows, error) {
	objects, err := makeObjects(dir)
	if err != nil {
		return nil, err
	}
	f, err := writeFiles(objects)
	defer f.remove()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(binary, f, role{})
	if err != nil {
		return nil, err
	}
	if err := p.awaitReady(ctx); err != nil {
		return nil, err
	}
	defer p.end(endGrace) // its results are on disk
	return p.query(ctx, database, statements)
}

func (p *process) query(ctx context.Context, database string, statements []Statement) ([]Rows, error) {
	var answer struct {
		Results []Rows `json:"results"`
		Error   string `json:"error"`
	}
	order := map[string]any{"id": database, "statements": statements}
	if err := p.control(ctx, "/d1", order, &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, &QueryError{answer.Error}
	}
	return answer.Results, nil
}

// makeObjects makes the folder of the Durable Objects and D1 databases.
func makeObjects(dir string) (string, error) {
	objects := filepath.Join(dir, "objects")
	return objects, os.MkdirAll(objects, 0o700)
}

package emulator

import (
	"context"

	"github.com/wfpsync/wfpsync/internal/emulator/page"
)

type (
	// Page is the web page of an account whose Workers run, see Emulator.Page.
	Page = page.Page
	// PageReport is what came of reading the stack file, for Page.Report.
	PageReport = page.Report
	// PageProblem is a message with a place in a file.
	PageProblem = page.Problem
	// PageChange is a difference between the file and the account.
	PageChange = page.Change
)

// The states of a PageReport.
const (
	PageMatches = page.Matches
	PageDiffers = page.Differs
	PageBroken  = page.Broken
)

// PageOptions are what a page shows.
type PageOptions struct {
	Account string // whose Workers these are
	Workers string // where they answer, as host:port
	Port    int    // where the page is served
	Tokens  []byte // its colours and fonts as CSS: custom properties of :root

	// Compare says how the account differs from the stack file now. It is called by one goroutine at a time.
	Compare func(context.Context) PageReport
}

// Page returns the web page of an account, an http.Handler. It must be closed before the Emulator.
func (e *Emulator) Page(options PageOptions) *Page {
	return page.New(page.Options{
		Store: e.store, Account: options.Account, Workers: options.Workers, Port: options.Port,
		Tokens: options.Tokens, Compare: options.Compare,
	})
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
)

// approve asks, and takes only the whole word. To destroy a stack, the word is
// its name.
func (a *app) approve(ctx context.Context, plan *planner.Plan) error {
	word, question := "yes", fmt.Sprintf("Do you want to make these changes in account %s?\n  Only 'yes' will be accepted.", plan.Account.ID)
	if plan.Mode == planner.Destroy {
		what := "everything"
		if plan.Partial != nil {
			what = "these resources"
		}
		word, question = plan.Stack, fmt.Sprintf("Do you really want to destroy %s of stack %q in account %s?\n  This cannot be undone. Only the name of the stack will be accepted.", what, plan.Stack, plan.Account.ID)
	}
	fmt.Fprintf(a.stderr, "\n%s\n\n  Enter a value: ", question)
	answer, err := a.readLine(ctx)
	if answer == "" {
		fmt.Fprintln(a.stderr)
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) != word {
		return &exit{code: exitError, err: errors.New("not approved; nothing was changed")}
	}
	return nil
}

// readLine reads a line that a person writes, and no longer than the context.
// What it has not read by then does not matter: the program ends.
func (a *app) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n') // no answer is no consent
		lines <- line
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

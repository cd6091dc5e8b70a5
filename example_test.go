package wfpsync_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
)

// examplePlatform writes a stack file with a customer, and opens an account on
// this machine. In your own program the file exists already.
func examplePlatform() (file string, account *wfpsync.Account, done func()) {
	dir, err := os.MkdirTemp("", "platform-")
	if err != nil {
		log.Fatal(err)
	}
	file = filepath.Join(dir, "wfpsync.yaml")
	err = os.WriteFile(file, []byte(`version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
lists:
  customers: { key: id, csv: customers.csv }
user_workers:
  customers:
    for_each: { customer: customers }
    name: ${customer.id}
    dispatch_namespace: customers
    script: export default { fetch() { return new Response("Hello.") } }
    vars: { PLAN: "${customer.plan}" }
`), 0o600)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "customers.csv"), []byte("id,plan\nacme,pro\n"), 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
	local, err := wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: filepath.Join(dir, ".wfpsync")})
	if err != nil {
		log.Fatal(err)
	}
	if account, err = wfpsync.Connect(context.Background(), wfpsync.ConnectOptions{Local: local}); err != nil {
		log.Fatal(err)
	}
	return file, account, func() {
		_ = local.Close()
		_ = os.RemoveAll(dir)
	}
}

// Plan a file: what would change in the account?
func ExampleProject_Plan() {
	file, account, done := examplePlatform()
	defer done()
	ctx := context.Background()

	project, err := wfpsync.Open(file, wfpsync.Options{LookupEnv: os.LookupEnv})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := project.Plan(ctx, account, planner.Options{})
	if err != nil {
		log.Fatal(err) // has every mistake in the file, with its place
	}
	for _, change := range plan.Changes {
		fmt.Println(change.Action, change.Address)
	}
	// Output:
	// create dispatch_namespace/customers
	// create user_worker/customers/acme
}

// Apply a plan, and follow what happens.
func ExampleAccount_Apply() {
	file, account, done := examplePlatform()
	defer done()
	ctx := context.Background()

	project, err := wfpsync.Open(file, wfpsync.Options{LookupEnv: os.LookupEnv})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := project.Plan(ctx, account, planner.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := account.Apply(ctx, plan, applier.Options{Secret: project.Secret}, func(e applier.Event) {
		if failed, ok := e.(applier.Failed); ok {
			fmt.Println(failed.Address, failed.Err)
		}
	})
	if err != nil {
		log.Fatal(err) // nothing was changed
	}
	fmt.Println(result.Applied, "applied,", result.Failed, "failed")

	plan, err = project.Plan(ctx, account, planner.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("changes left:", plan.HasChanges())
	// Output:
	// 2 applied, 0 failed
	// changes left: false
}

// Add one customer from a program: a line of the list, and a plan for that
// customer alone. examples/library is a whole sign-up service.
func Example_addCustomer() {
	file, account, done := examplePlatform()
	defer done()
	ctx := context.Background()

	list, err := os.OpenFile(filepath.Join(filepath.Dir(file), "customers.csv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(list, "globex,free")
	if err := list.Close(); err != nil {
		log.Fatal(err)
	}

	project, err := wfpsync.Open(file, wfpsync.Options{LookupEnv: os.LookupEnv})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := project.Plan(ctx, account, planner.Options{Targets: []string{"user_worker/customers/globex"}})
	if err != nil {
		log.Fatal(err)
	}
	result, err := account.Apply(ctx, plan, applier.Options{Secret: project.Secret}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, outcome := range result.Outcomes {
		fmt.Println(outcome.Address, outcome.Status)
	}
	// Output:
	// dispatch_namespace/customers applied
	// user_worker/customers/globex applied
}

// Walk through a plan: what it does, in which order, and what blocks it.
func Example_walkPlan() {
	file, account, done := examplePlatform()
	defer done()

	project, err := wfpsync.Open(file, wfpsync.Options{LookupEnv: os.LookupEnv})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := project.Plan(context.Background(), account, planner.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range plan.Changes {
		fmt.Println(change.Level, change.Action, change.Address, change.Reason, "after", change.DependsOn)
		for _, field := range change.Fields {
			if field.Path == "/compatibility_date" {
				fmt.Println("  ", field.Op, field.Path, field.After)
			}
		}
		if change.Blocked != nil {
			fmt.Println("  blocked:", change.Blocked.Message)
		}
	}
	fmt.Println(plan.Diagnostics)
	// Output:
	// 0 create dispatch_namespace/customers missing after []
	// 1 create user_worker/customers/acme missing after [dispatch_namespace/customers]
	//    add /compatibility_date 2026-10-01
	// []
}

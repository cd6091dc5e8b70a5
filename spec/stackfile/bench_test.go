package stackfile_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// BenchmarkFleet loads stacks of growing size: from a CSV, and written out.
func BenchmarkFleet(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("csv/%d", n), func(b *testing.B) {
			files := fleetFromCSV(n)
			b.ReportAllocs()
			for b.Loop() {
				load(b, files, n)
			}
		})
		if n > 100_000 {
			continue // nobody writes out more
		}
		b.Run(fmt.Sprintf("yaml/%d", n), func(b *testing.B) {
			files := fleetWrittenOut(n)
			b.ReportAllocs()
			for b.Loop() {
				load(b, files, n)
			}
		})
	}
}

func load(b *testing.B, files fstest.MapFS, n int) {
	stack, list := stackfile.Load(files, "wfpsync.yaml", stackfile.Options{})
	if len(list) > 0 {
		b.Fatal(list)
	}
	if len(stack.Resources) != n+1 {
		b.Fatalf("%d resources", len(stack.Resources))
	}
}

const fleetHead = "version: 1\nname: fleet\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { fleet: {} }\n"

func fleetFromCSV(n int) fstest.MapFS {
	var rows strings.Builder
	rows.WriteString("id,plan,theme\n")
	for i := range n {
		fmt.Fprintf(&rows, "customer-%06d,pro,aurora\n", i)
	}
	stack := fleetHead + `lists: { customers: { key: id, csv: ./customers.csv } }
user_workers:
  shops:
    for_each: { customer: customers }
    name: ${customer.id}
    dispatch_namespace: fleet
    main: ./src/tenant.ts
    vars:
      CONFIG: { customerId: "${customer.id}", plan: "${customer.plan}", features: [feature1, feature2] }
    tags: ["customer-${customer.id}"]
`
	return fstest.MapFS{"wfpsync.yaml": {Data: []byte(stack)}, "customers.csv": {Data: []byte(rows.String())}}
}

func fleetWrittenOut(n int) fstest.MapFS {
	var stack strings.Builder
	stack.WriteString(fleetHead + "user_workers:\n")
	for i := range n {
		fmt.Fprintf(&stack, "  customer-%06d:\n    dispatch_namespace: fleet\n    main: ./src/tenant.ts\n    vars:\n      CONFIG: { customerId: customer-%06d, plan: pro, features: [feature1, feature2] }\n    tags: [customer-%06d]\n", i, i, i)
	}
	return fstest.MapFS{"wfpsync.yaml": {Data: []byte(stack.String())}}
}

// BenchmarkRender writes out a fleet.
func BenchmarkRender(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("csv/%d", n), func(b *testing.B) {
			files := fleetFromCSV(n)
			b.ReportAllocs()
			for b.Loop() {
				if list, err := stackfile.Render(io.Discard, files, "wfpsync.yaml", stackfile.Options{}); err != nil || len(list) > 0 {
					b.Fatal(err, list)
				}
			}
		})
	}
}

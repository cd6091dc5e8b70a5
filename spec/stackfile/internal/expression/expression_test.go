package expression_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

var scope = expression.Scope{"customer", "environment", "region", "tiers", "var"}

// values returns what the tests' expressions are about, in the shape that
// encoding/json gives.
func values() map[string]any {
	return map[string]any{
		"customer": map[string]any{
			"id": "acme", "name": "ACME-eu.1", "seats": 12.0, "ratio": 0.25, "active": true, "plan": nil,
			"features": []any{"f1", "f2"},
			"address":  map[string]any{"city": "Zürich"},
		},
		"environment": "production",
		"region":      map[string]any{"value": "eu"},
		"tiers":       []any{map[string]any{"name": "free", "cpu": 10.0}, map[string]any{"name": "pro", "cpu": 50.0}},
		"var":         map[string]any{"n": 3.0, "big": 1e21, "empty": map[string]any{}},
	}
}

func TestEval(t *testing.T) {
	list := func(items ...any) []any { return items }
	tests := []struct {
		text string
		want any
	}{
		// A whole value keeps its type.
		{"${customer.id}", "acme"},
		{"${customer.seats}", 12.0},
		{"${customer.active}", true},
		{"${customer.plan}", nil},
		{"${customer.features}", list("f1", "f2")},
		{"${ customer.address }", map[string]any{"city": "Zürich"}},
		{"${1 + 2}", 3.0},
		{"${1..3}", list(1.0, 2.0, 3.0)},
		{"${ {a: 1, b: {c: [2]}} }", map[string]any{"a": 1.0, "b": map[string]any{"c": list(2.0)}}},
		{"${true}", true},
		{"${nil}", nil},

		// In text it is written out.
		{"${customer.id}-worker", "acme-worker"},
		{"a ${customer.id} b ${customer.seats} c ${customer.ratio} d ${customer.active}", "a acme b 12 c 0.25 d true"},
		{"${customer.id}${customer.id}", "acmeacme"},
		{"${var.big}!", "1e+21!"},
		{"${var.n * 1000000}!", "3000000!"},
		{" ${customer.seats}", " 12"},
		{"ü ${customer.address.city} ü", "ü Zürich ü"},

		// Escapes, and braces that are not ours.
		{"$${customer.id}", "${customer.id}"},
		{"$${a} ${customer.id} $${b}", "${a} acme ${b}"},
		{"$$${customer.id}", "$${customer.id}"},
		{"$ ${customer.id} {x} }", "$ acme {x} }"},
		{`${"}" + '{' + "\"}" + ` + "`}`" + `}`, "}{\"}}"},
		{"${`a``}`}", "a`}"},
		{"${ /* } */ customer.id}", "acme"},
		{"${ // }\ncustomer.id}", "acme"},
		{"${ {x: customer.id}.x }", "acme"},

		// Members.
		{`${customer["id"]}`, "acme"},
		{"${tiers[1].cpu}", 50.0},
		{"${tiers[-1].name}", "pro"},
		{"${tiers[var.n - 3].name}", "free"},
		{"${customer.plan?.name}", nil},
		{"${customer?.nothing}", nil},
		{"${customer.plan?.name.first}", nil},
		{`${customer.plan ?? "free"}`, "free"},
		{`${customer.nothing.at.all ?? "free"}`, "free"},
		{`${customer.nothing?.at ?? "free"}`, "free"},
		{`${tiers[9] ?? "none"}`, "none"},
		{`${"plan" in customer and "f1" in customer.features}`, true},
		{`${1 < var.n < 5}`, true},
		{`${customer.id < customer.name < "b"}`, false},

		// Parts.
		{"${customer.id[0:2]}", "ac"},
		{"${customer.address.city[1:2]}", "ü"},
		{"${customer.id[-2:]}", "me"},
		{"${tiers[:1]}", list(map[string]any{"name": "free", "cpu": 10.0})},

		// Functions.
		{"${upper(customer.id)}", "ACME"},
		{"${lower(customer.name)}", "acme-eu.1"},
		{"${upper_snake(customer.name)}", "ACME_EU_1"},
		{"${upper_snake('--a  b--')}", "A_B"},
		{"${dns_label(customer.name)}", "acme-eu-1"},
		{"${dns_label('xn--A.')}", "xn--a"},
		{"${len(dns_label(join(map(1..90, '_a'), '')))}", 63.0},
		{"${sha8(customer.id)}", "822b33ad"},
		{"${json(customer.address)}", `{"city":"Zürich"}`},
		{"${json('<&>')}", `"<&>"`},
		{"${string(customer.seats)}", "12"},
		{"${keys(customer.address)}", list("city")},
		{"${keys({b: 1, a: 2})}", list("a", "b")},
		{"${values({b: 1, a: 2})}", list(2.0, 1.0)},
		{"${keys(groupBy(tiers, .cpu > 20))}", list("false", "true")},
		{"${groupBy(tiers, .name).pro[0].cpu}", 50.0},
		{"${join(customer.features, ',')}", "f1,f2"},
		{"${replace(customer.name, '.', '/')}", "ACME-eu/1"},
		{"${split('a,b', ',')}", list("a", "b")},
		{"${first(customer.features) + last(customer.features)}", "f1f2"},
		{"${first([])}", nil},
		{"${uniq([1, 1, 'a', [2], [2]])}", list(1.0, "a", list(2.0))},
		{"${sum(map(tiers, .cpu))}", 60.0},
		{"${map(filter(tiers, .cpu > 20), .name)}", list("pro")},
		{"${tiers | map(.name) | join('+')}", "free+pro"},
		{"${reduce(1..4, #acc + #, 0)}", 10.0},
		{"${any(customer.features, # == 'f1')}", true},
		{"${sortBy(tiers, .cpu, 'desc')[0].name}", "pro"},
		{"${len(customer.address.city)}", 6.0},
		{"${7 % var.n}", 1.0},
		{"${customer.seats > 10 ? 'big' : 'small'}", "big"},
		{"${if customer.active { 1 } else { 2 }}", 1.0},
		{"${let x = customer.id; x + x}", "acmeacme"},
		{"${customer.id matches '^ac'}", true},
		{"${fromJSON('{\"a\": [1]}').a[0]}", 1.0},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			template, err := expression.Compile(test.text, scope)
			if err != nil {
				t.Fatalf("%+v", *err)
			}
			got, err := template.Eval(values())
			if err != nil {
				t.Fatalf("%+v", *err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestNothingToCompile(t *testing.T) {
	for _, text := range []string{"", "plain", "{x}", "$x", "100 $", "$ {x}"} {
		if template, err := expression.Compile(text, scope); template != nil || err != nil {
			t.Errorf("%q: got %v, %v", text, template, err)
		}
	}
}

// marked shows an error as a person sees it: the text, carets, and what is said.
func marked(text string, err *expression.Error) string {
	if err == nil {
		return "no error"
	}
	carets := strings.Repeat("^", max(err.Length, 1))
	shown := fmt.Sprintf("%s\n%s%s %s", text, strings.Repeat(" ", err.Offset), carets, err.Message)
	if err.Hint != "" {
		shown += "\n" + err.Hint
	}
	return shown
}

func failure(text string) *expression.Error {
	template, err := expression.Compile(text, scope)
	if err != nil || template == nil {
		return err
	}
	_, err = template.Eval(values())
	return err
}

// TestWork holds that no expression runs for long or grows large.
func TestWork(t *testing.T) {
	for _, text := range []string{
		"${let r = 1..1000; all(r, all(r, all(r, all(r, true))))}",
		"${reduce(1..60, #acc + #acc, 'xxxxxxxxxxxxxxxx')}",
		"${reduce(1..60, concat(#acc, #acc), [1])}",
		"${reduce(1..60, [#acc, #acc], 1)}",
		"${json(reduce(1..60, [#acc, #acc], 1))}",
		"${reduce(1..60, {a: #acc, b: #acc}, 1) == 1}",
		"${reduce(1..60, replace(#acc, 'x', #acc), 'xxxx')}",
		"${reduce(1..60, join(map(1..1000, 'x'), #acc), 'xx')}",
		"${reduce(1..60, join(split(#acc, ''), #acc), 'xx')}",
		"${uniq(1..100000)}",
		"${let r = 1..100000; all(r, not (0 in r))}",
		"${let r = 1..100000; all(r, r[1:] != 1)}",
		"${1..100000000000}",
		"${map(1..1000, map(1..1000, map(1..1000, #)))}",
		"${" + strings.Repeat("[", 5000) + strings.Repeat("]", 4990) + "}",
		"${" + strings.Repeat("1+", 4000) + "1}",
		"${" + strings.Repeat("a", 1<<20) + "}",
		strings.Repeat("${", 1<<16),
	} {
		name := text[:min(len(text), 60)]
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			if err := failure(text); err == nil {
				t.Error("no error")
			} else {
				t.Logf("%v: %s", time.Since(started), err.Message)
			}
		})
	}
}

func TestConcurrently(t *testing.T) {
	template, err := expression.Compile("${customer.id}-${upper(customer.id)}-${sum(map(tiers, .cpu))}", scope)
	if err != nil {
		t.Fatal(err.Message)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if got, err := template.Eval(values()); err != nil || got != "acme-ACME-60" {
					t.Errorf("got %v, %v", got, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkEvalChain(b *testing.B)   { benchmark(b, "${customer.id}-worker") }
func BenchmarkEvalWhole(b *testing.B)   { benchmark(b, "${customer.features}") }
func BenchmarkEvalProgram(b *testing.B) { benchmark(b, "${upper(customer.id)}-worker") }
func BenchmarkEvalWhere(b *testing.B) {
	benchmark(b, "${customer.active and customer.seats > 10 and 'f1' in customer.features}")
}

func benchmark(b *testing.B, text string) {
	template, err := expression.Compile(text, scope)
	if err != nil {
		b.Fatal(err.Message)
	}
	v := values()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Eval(v); err != nil {
			b.Fatal(err.Message)
		}
	}
}

func BenchmarkCompileChain(b *testing.B)   { benchmarkCompile(b, "${customer.id}-worker") }
func BenchmarkCompileProgram(b *testing.B) { benchmarkCompile(b, "${upper(customer.id)}-worker") }

func benchmarkCompile(b *testing.B, text string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expression.Compile(text, scope); err != nil {
			b.Fatal(err.Message)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"${customer.id}-worker", "$${x} ${a", "${ {a: '}'} }", "${map(tiers, .cpu)}", "${a ?? b?.c[0]}", "${1..3 | len()}",
		"${let x = 1; x}", "${customer.id[1:]}", "${`x`}", "${// }", "${b'x'}", "${$env}", "${#}", "${reduce(1..9, #acc + #acc, 'a')}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := expression.Compile(text, scope)
		if err == nil && template != nil {
			_, err = template.Eval(values())
		}
		if err == nil {
			return
		}
		if n := len([]rune(text)); err.Offset < 0 || err.Length < 0 || err.Offset+err.Length > n {
			t.Errorf("%q: %+v is outside of its %d characters", text, *err, n)
		}
		if err.Message == "" {
			t.Errorf("%q: an error without a message", text)
		}
	})
}

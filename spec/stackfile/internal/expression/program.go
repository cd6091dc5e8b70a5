package expression

import (
	"errors"
	"maps"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// program is an expression for expr-lang's virtual machine.
type program struct {
	source source
	code   *vm.Program
	names  []string // of the scope
}

// Limits of one expression. No sensible one comes near.
const (
	maxNodes = 2_000
	maxItems = 1_000_000 // list items made in one evaluation
)

// compile reads an expression. It is parsed twice: once as it is written, to
// check its types, and once to be rewritten, after which calls say nothing
// about types any more.
func compile(s source, scope Scope, members Members) (p *program, err *Error) {
	// The recover is for the library's own faults: bad input must never be a
	// crash.
	defer func() {
		if recover() != nil {
			p, err = nil, s.error("this is not an expression that can be compiled", "")
		}
	}()
	written := config(scope, declared)
	tree, failed := parser.ParseWithConfig(s.text, written)
	if failed != nil {
		return nil, s.located(failed)
	}
	r := rewriter{source: s, scope: scope, members: members, done: map[ast.Node]ast.Node{}}
	rewritten, failed := parser.ParseWithConfig(s.text, written)
	if failed != nil {
		return nil, s.located(failed)
	}
	rewritten.Node = r.node(rewritten.Node)
	if r.err != nil {
		return nil, r.err
	}
	if _, failed = checker.Check(tree, written); failed != nil {
		return nil, s.located(failed)
	}
	running := config(append(slices.Clone(scope), budgetName), internal)
	if _, failed = checker.Check(rewritten, running); failed != nil {
		return nil, s.located(failed)
	}
	code, failed := compiler.Compile(rewritten, running)
	if failed != nil {
		return nil, s.error("this is not an expression that can be compiled", "")
	}
	return &program{source: s, code: code, names: r.names}, nil
}

// config returns the language: expr's own functions that are allowed, and ours.
func config(names Scope, functions conf.FunctionsTable) *conf.Config {
	c := conf.CreateNew()
	c.MaxNodes = maxNodes
	c.Optimize = false // it moves and merges nodes, and with them the places of errors
	for name := range c.Builtins {
		if !allowed[name] {
			c.Disabled[name] = true
			delete(c.Builtins, name)
		}
	}
	environment := make(types.Map, len(names))
	for _, name := range names {
		environment[name] = types.Any
	}
	c.WithEnv(environment)
	c.Functions = maps.Clone(functions) // a compilation may note things in its table
	return c
}

func (p *program) eval(values map[string]any, work *budget) (any, *Error) {
	environment := make(map[string]any, len(p.names)+1)
	for _, name := range p.names {
		value, ok := values[name]
		if !ok {
			return nil, p.source.error(noValue(name), "")
		}
		environment[name] = value
	}
	environment[budgetName] = work
	machine := vm.VM{MemoryBudget: maxItems}
	value, failed := machine.Run(p.code, environment)
	if failed != nil {
		return nil, p.source.located(failed)
	}
	value, wrong := plain(value, work)
	if wrong != nil {
		return nil, p.source.error(wrong.message, wrong.hint)
	}
	return value, nil
}

// located gives an error of expr its place in the template, and our words.
func (s source) located(err error) *Error {
	from, to := 0, len(s.text)
	var placed *file.Error
	message := err.Error()
	if errors.As(err, &placed) {
		from, to, message = placed.From, placed.To, placed.Message
	}
	var wrong *fault
	if errors.As(err, &wrong) {
		return s.errorAt(from, to, wrong.message, wrong.hint)
	}
	message, hint := inOurWords(message)
	return s.errorAt(from, to, message, hint)
}

// functionsTable returns functions as expr takes them.
func functionsTable(list []*builtin.Function) conf.FunctionsTable {
	table := make(conf.FunctionsTable, len(list))
	for _, f := range list {
		table[f.Name] = f
	}
	return table
}

package expression

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// The names by which a rewritten program knows what no expression can name: a
// space cannot stand in a name.
const (
	budgetName    = " budget"
	chargeName    = " charge"
	loopName      = " loop"
	memberName    = " member"
	sliceName     = " slice"
	remainderName = " remainder"
)

// rewriter makes an expression safe, and checks its names:
//   - a member becomes a call of member, which knows a missing key from nil
//   - our own functions are handed the budget
//   - what an operation works on is charged before it does, and so is each
//     turn of a loop. As no operation makes more than a multiple of what it is
//     given, this bounds the time and memory of an evaluation; the two that
//     do, join and replace, charge by themselves.
type rewriter struct {
	source  source
	scope   Scope
	members Members
	lets    []string
	names   []string // of the scope that are used
	done    map[ast.Node]ast.Node
	err     *Error
}

func (r *rewriter) fail(at file.Location, message, hint string) {
	if r.err == nil {
		r.err = r.source.errorAt(at.From, at.To, message, hint)
	}
}

// node rewrites a node once: the parser shares the middle of a < b < c.
func (r *rewriter) node(n ast.Node) ast.Node {
	if n == nil {
		return nil
	}
	if done, ok := r.done[n]; ok {
		return done
	}
	done := r.rewrite(n)
	r.done[n] = done
	return done
}

func (r *rewriter) rewrite(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		r.checkName(n)
	case *ast.BytesNode:
		r.fail(n.Location(), "an expression has text, not bytes", "remove the b before the quote")
	case *ast.UnaryNode:
		n.Node = r.node(n.Node)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ChainNode:
		return r.chain(n.Node, false)
	case *ast.MemberNode:
		return r.member(n, false)
	case *ast.SliceNode:
		return r.slice(n)
	case *ast.CallNode:
		return r.call(n)
	case *ast.BuiltinNode:
		r.builtin(n)
	case *ast.PredicateNode:
		n.Node = r.charge(r.node(n.Node))
	case *ast.ConditionalNode:
		n.Cond, n.Exp1, n.Exp2 = r.node(n.Cond), r.node(n.Exp1), r.node(n.Exp2)
	case *ast.VariableDeclaratorNode:
		n.Value = r.node(n.Value)
		r.lets = append(r.lets, n.Name)
		n.Expr = r.node(n.Expr)
		r.lets = r.lets[:len(r.lets)-1]
	case *ast.SequenceNode:
		r.nodes(n.Nodes)
	case *ast.ArrayNode:
		r.nodes(n.Nodes)
	case *ast.MapNode:
		r.nodes(n.Pairs)
	case *ast.PairNode:
		n.Key, n.Value = r.node(n.Key), r.node(n.Value)
	}
	return n
}

func (r *rewriter) nodes(list []ast.Node) {
	for i := range list {
		list[i] = r.node(list[i])
	}
}

func (r *rewriter) checkName(n *ast.IdentifierNode) {
	switch {
	case slices.Contains(r.lets, n.Value):
	case slices.Contains(r.scope, n.Value):
		if !slices.Contains(r.names, n.Value) {
			r.names = append(r.names, n.Value)
		}
	case isFunction(n.Value):
		r.fail(n.Location(), "`"+n.Value+"` is a function", "call it: "+n.Value+"(…)")
	default:
		known := append(slices.Clone(r.scope), r.lets...)
		slices.Sort(known)
		otherwise := "no names can be used here"
		if len(known) > 0 {
			otherwise = "the names known here are " + listed(known)
		}
		r.fail(n.Location(), "`"+n.Value+"` does not exist here", didYouMean(n.Value, known, otherwise))
	}
}

func (r *rewriter) binary(n *ast.BinaryNode) ast.Node {
	switch n.Operator {
	case "??":
		n.Left, n.Right = r.chain(n.Left, true), r.node(n.Right)
	case "%": // expr's own takes integers only, which numbers of a file are not
		return r.callOf(remainderName, n.Location(), r.node(n.Left), r.node(n.Right))
	case "and", "&&", "or", "||", "-", "*", "/", "**", "^", "..":
		n.Left, n.Right = r.node(n.Left), r.node(n.Right)
	case "matches":
		n.Left = r.charge(r.node(n.Left))
		if _, constant := n.Right.(*ast.StringNode); !constant { // a constant one is compiled once
			n.Right = r.charge(r.node(n.Right))
		}
	default:
		n.Left, n.Right = r.charge(r.node(n.Left)), r.charge(r.node(n.Right))
	}
	return n
}

// chain rewrites what stands before `??`, or has a `?.` in it. Before `??` any
// member may be missing.
func (r *rewriter) chain(n ast.Node, anyMissing bool) ast.Node {
	switch n := n.(type) {
	case *ast.ChainNode:
		return r.chain(n.Node, anyMissing)
	case *ast.MemberNode:
		return r.member(n, anyMissing)
	}
	return r.node(n)
}

func (r *rewriter) member(n *ast.MemberNode, anyMissing bool) ast.Node {
	needed := required
	switch {
	case anyMissing || n.Optional:
		needed = optional
	case hasOptional(n.Node):
		needed = ifThereIsOf
	}
	at := n.Location()
	if _, computed := n.Property.(*ast.BinaryNode); !computed && n.Property.Location() != (file.Location{}) {
		at = n.Property.Location()
	}
	r.checkMember(n, at)
	name := shorten(n.Node.String())
	return r.callOf(memberName, at, r.chain(n.Node, anyMissing), r.node(n.Property), &ast.StringNode{Value: name}, &ast.IntegerNode{Value: int(needed)})
}

// checkMember finds a member that its name is known not to have.
func (r *rewriter) checkMember(n *ast.MemberNode, at file.Location) {
	of, isName := n.Node.(*ast.IdentifierNode)
	key, isKey := n.Property.(*ast.StringNode)
	if !isName || !isKey || slices.Contains(r.lets, of.Value) {
		return
	}
	if wrong := r.members.check(of.Value, key.Value); wrong != nil {
		r.fail(at, wrong.message, wrong.hint)
	}
}

// hasOptional reports whether there is a `?.` before a member in its chain.
func hasOptional(n ast.Node) bool {
	for {
		switch member := n.(type) {
		case *ast.ChainNode:
			return true
		case *ast.MemberNode:
			if member.Optional {
				return true
			}
			n = member.Node
		default:
			return false
		}
	}
}

func (r *rewriter) slice(n *ast.SliceNode) ast.Node {
	orNil := func(n ast.Node) ast.Node {
		if n == nil {
			return &ast.NilNode{}
		}
		return r.node(n)
	}
	return r.callOf(sliceName, n.Location(), r.charge(r.node(n.Node)), orNil(n.From), orNil(n.To))
}

func (r *rewriter) call(n *ast.CallNode) ast.Node {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		hint := ""
		if m, ok := n.Callee.(*ast.MemberNode); ok {
			if name, ok := m.Property.(*ast.StringNode); ok && isFunction(name.Value) {
				hint = "write " + name.Value + "(" + shorten(m.Node.String()) + ")"
			}
		}
		r.fail(n.Location(), "a value has no functions of its own", hint)
		return n
	}
	name := callee.Value
	switch {
	case slices.Contains(r.scope, name) || slices.Contains(r.lets, name):
		r.fail(callee.Location(), "`"+name+"` is a value, not a function", "")
	case declared[name] == nil:
		r.fail(callee.Location(), "unknown function `"+name+"`", functionHint(name))
	}
	r.charged(n.Arguments)
	return r.callOf(internalName(name), n.Location(), n.Arguments...)
}

// callOf returns a call of a function of ours.
func (r *rewriter) callOf(name string, at file.Location, arguments ...ast.Node) ast.Node {
	call := &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: budgetName}}, arguments...),
	}
	call.SetLocation(at)
	return call
}

func (r *rewriter) builtin(n *ast.BuiltinNode) {
	if len(n.Arguments) > 1 {
		if _, loops := n.Arguments[1].(*ast.PredicateNode); loops {
			list := r.node(n.Arguments[0])
			r.charged(n.Arguments[1:])
			n.Arguments[0] = r.callOf(loopName, list.Location(), list)
			return
		}
	}
	r.charged(n.Arguments)
}

func (r *rewriter) charged(arguments []ast.Node) {
	for i, argument := range arguments {
		if _, ok := argument.(*ast.PredicateNode); ok {
			arguments[i] = r.node(argument)
		} else {
			arguments[i] = r.charge(r.node(argument))
		}
	}
}

// charge wraps a value that an operation works on. What is always small is
// free.
func (r *rewriter) charge(n ast.Node) ast.Node {
	switch n.(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n
	case nil:
		return n
	}
	return r.callOf(chargeName, n.Location(), n)
}

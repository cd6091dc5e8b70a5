package document

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Write is a value as YAML, in the order of its members. Strings that would be
// read as something else are quoted, and several lines become a block. Comments
// of the files that the value is from stay with their keys, see [notes], and
// those of members that were made stand above them.
func Write(v *Value) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(v.node(notes(v), place{})); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// node is the value for the encoder; item is its place where it is an item of a
// list, whose comments are those of its first key as well.
func (v *Value) node(notes map[place]note, item place) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v.Kind {
	case Null:
		n.Tag, n.Value = "!!null", "null"
	case Bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v.Bool)
	case Number:
		n.Tag, n.Value = "!!float", v.Text
		if i, ok := new(big.Int).SetString(v.Text, 0); ok && (i.IsInt64() || i.IsUint64()) {
			n.Tag = "!!int"
		}
	case String:
		n.SetString(v.Text)
		if n.Style == yaml.LiteralStyle && strings.TrimLeft(v.Text, " \t\n") != v.Text {
			n.Style = yaml.DoubleQuotedStyle // yaml.v3 loses line breaks at the start of a block
		}
	case List:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range v.Items {
			node := item.node(notes, item.place())
			notes[item.place()].write(node, item.lineOfItem(node))
			n.Content = append(n.Content, node)
		}
	case Map:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		for _, m := range v.Members {
			key, value := &yaml.Node{HeadComment: m.Comment}, m.Value.node(notes, place{})
			key.SetString(m.Key)
			if key.Style == yaml.LiteralStyle {
				key.Style = yaml.DoubleQuotedStyle // a key that is a block is nobody's to read
			}
			if note, noted := notes[m.place()]; noted && m.place() != item {
				note.write(key, m.Value.lineOf(value))
			}
			n.Content = append(n.Content, key, value)
		}
	}
	return n
}

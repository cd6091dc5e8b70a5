package document

import (
	"bytes"
	"math/big"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Write is a value as YAML, in the order of its members. Strings that would be
// read as something else are quoted, and several lines become a block.
func Write(v *Value) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(v.node()); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return b.Bytes(), err
}

func (v *Value) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v.Kind {
	case Null:
		n.Tag, n.Value = "!!null", "null"
	case Bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v.Bool)
	case Number:
		n.Tag, n.Value = "!!float", v.Text
		if _, ok := new(big.Int).SetString(v.Text, 0); ok {
			n.Tag = "!!int"
		}
	case String:
		n.SetString(v.Text)
	case List:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range v.Items {
			n.Content = append(n.Content, item.node())
		}
	case Map:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		for _, m := range v.Members {
			key := &yaml.Node{}
			key.SetString(m.Key)
			n.Content = append(n.Content, key, m.Value.node())
		}
	}
	return n
}

package complaint

import (
	"strings"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Mask keeps a value that should not stand in the file from being repeated in
// messages, which end up in logs.
func (c *Collector) Mask(value *document.Value) {
	if value.Text != "" {
		c.masked = append(c.masked, value.Text)
	}
	for _, item := range value.Items {
		c.Mask(item)
	}
	for _, m := range value.Members {
		c.Mask(m.Value)
	}
}

// maskRawSecrets masks what stands in raw bindings that should not.
func (c *Collector) maskRawSecrets(value *document.Value) {
	for _, key := range spec.BindingTypeOf(value.Get("type").String()).KeyMaterial {
		if material := value.Get(key); material != nil {
			c.Mask(material)
		}
	}
	for _, item := range value.Items {
		c.maskRawSecrets(item)
	}
	for _, m := range value.Members {
		c.maskRawSecrets(m.Value)
	}
}

// withoutMasked replaces masked values wherever they stand in a message.
func (c *Collector) withoutMasked(list diag.List) diag.List {
	if len(list) > 0 {
		for _, file := range c.Files() {
			c.maskRawSecrets(c.sources[file])
		}
	}
	for i := range list {
		for _, secret := range c.masked {
			stars := strings.Repeat("*", utf8.RuneCountInString(secret))
			list[i].Snippet = strings.ReplaceAll(list[i].Snippet, secret, stars)
			list[i].Message = strings.ReplaceAll(list[i].Message, secret, stars)
		}
	}
	return list
}

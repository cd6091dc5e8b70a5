package stackfile

import "github.com/wfpsync/wfpsync/spec"

// declareCollection notes that the file has a section, if only an empty one, and
// so declares the live resources of that kind to be its own. User Workers are
// declared by their dispatch namespace.
func (l *loader) declareCollection(kind spec.Kind) {
	if kind.Info().Container != spec.ContainerDispatchNamespace {
		l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: kind})
	}
}

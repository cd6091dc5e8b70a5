package spec

// declareCollection notes that the file has a section, if only an empty one, and
// so declares the live resources of that kind to be its own. User Workers are
// declared by their dispatch namespace.
func (l *loader) declareCollection(kind Kind) {
	if kind.Info().Container != ContainerDispatchNamespace {
		l.stack.Collections = append(l.stack.Collections, Collection{Kind: kind})
	}
}

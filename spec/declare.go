package spec

// declareCollection notes that the file has a section, if only an empty one, and
// so declares the live resources of that kind to be its own. What stands in a
// container, such as a user Worker, is declared by the container.
func (l *loader) declareCollection(kind Kind) {
	if c := kinds[kind]; c.parent == "" || c.optional || c.together || c.apart {
		l.stack.Collections = append(l.stack.Collections, Collection{Kind: kind})
	}
}

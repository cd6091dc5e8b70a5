package spec

// Attached is a resource that is part of a Worker in everything but its
// address: a route, a custom domain, its cron triggers. It has no place for a
// mark, so its Worker's owner owns it.
type Attached interface {
	Resource

	// AttachedTo returns the account Worker; its name is "" if there is none.
	AttachedTo() Address
}

// attachedReferences returns what an attached resource needs: its Worker, if
// any.
func attachedReferences(r Attached) []Reference {
	worker := r.AttachedTo()
	if worker.Name == "" {
		return nil
	}
	return []Reference{{To: worker, At: r.Meta().At}}
}

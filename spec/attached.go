package spec

// Attached is a resource that is part of a Worker in all but its address: a
// route, a custom domain, its cron triggers. The platform has no place in it for
// a mark, so it belongs to whom its Worker belongs to.
type Attached interface {
	Resource

	// AttachedTo is the account Worker; one without a name where there is none.
	AttachedTo() Address
}

// attachedReferences are what an attached resource needs: its Worker, if any.
func attachedReferences(r Attached) []Reference {
	worker := r.AttachedTo()
	if worker.Name == "" {
		return nil
	}
	return []Reference{{To: worker, At: r.Meta().At}}
}

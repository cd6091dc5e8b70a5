package runtime

import "strings"

// These are the ways to address pages. A page is foo.html, or index.html in a
// folder foo. If both exist, or a file foo too, the order of the steps decides.
// Sources:
// https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling/,
// and where that says nothing, workers-sdk,
// packages/workers-shared/asset-worker/src/handler.ts
const (
	forceTrailingSlash = "force-trailing-slash"
	dropTrailingSlash  = "drop-trailing-slash"
	exactNames         = "none"
)

// A step looks for a file. With leadsTo, the file is not served, but redirected
// to.
type step struct{ file, leadsTo string }

// resolve returns the file at a path, or the path to redirect to.
func (s site) resolve(at string) (name, redirect string) {
	for _, step := range s.config.steps(at) {
		hash, exists := s.files[step.file]
		switch {
		case !exists:
		case step.leadsTo == "":
			return step.file, ""
		case s.serves(step.leadsTo, hash):
			return "", step.leadsTo
		}
	}
	return "", ""
}

// serves reports whether a path without a file of its own serves the file of a
// hash without another redirect.
func (s site) serves(at, hash string) bool {
	if _, taken := s.files[at]; taken {
		return false
	}
	for _, step := range s.config.steps(at) {
		if found, exists := s.files[step.file]; exists && step.leadsTo == "" {
			return found == hash
		}
	}
	return false
}

// steps returns the possible meanings of a path, the most likely first.
func (c siteConfig) steps(at string) []step {
	itself := step{at, ""}
	switch c.HTMLHandling {
	case exactNames:
		return []step{itself}
	case forceTrailingSlash:
		return append(stepsToSlash(at), itself, step{at + ".html", at + "/"}, step{at + "/index.html", at + "/"})
	case dropTrailingSlash:
		return append(stepsFromSlash(at), itself, step{at + ".html", ""}, step{at + "/index.html", ""})
	}
	return append(stepsToPage(at), itself, step{at + ".html", ""}, step{at + "/index.html", at + "/"})
}

// stepsToPage returns the steps if only folders have a slash.
func stepsToPage(at string) []step {
	if stem, ok := strings.CutSuffix(at, "/index"); ok {
		return []step{{at, ""}, {at + ".html", stem + "/"}, {stem + ".html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, "/index.html"); ok {
		return []step{{at, stem + "/"}, {stem + ".html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, "/"); ok {
		return []step{{at + "index.html", ""}, {stem + ".html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, ".html"); ok {
		return []step{{at, stem}, {stem + "/index.html", stem + "/"}}
	}
	return nil
}

// stepsToSlash returns the steps if every page has a slash.
func stepsToSlash(at string) []step {
	if stem, ok := strings.CutSuffix(at, "/index"); ok {
		return []step{{at, ""}, {at + ".html", stem + "/"}, {stem + ".html", stem + "/"}}
	}
	if stem, ok := strings.CutSuffix(at, "/index.html"); ok {
		return []step{{at, stem + "/"}, {stem + ".html", stem + "/"}}
	}
	if stem, ok := strings.CutSuffix(at, "/"); ok {
		return []step{{at + "index.html", ""}, {stem + ".html", ""}}
	}
	if stem, ok := strings.CutSuffix(at, ".html"); ok {
		return []step{{at, stem + "/"}, {at, ""}, {stem + "/index.html", stem + "/"}}
	}
	return nil
}

// stepsFromSlash returns the steps if no page has a slash, except the root.
func stepsFromSlash(at string) []step {
	switch at {
	case "/index":
		return []step{{at, ""}, {"/index.html", "/"}}
	case "/index.html":
		return []step{{at, "/"}}
	case "/":
		return []step{{"/index.html", ""}}
	}
	if stem, ok := strings.CutSuffix(at, "/index"); ok {
		return []step{{at, ""}, {stem + ".html", stem}, {at + ".html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, "/index.html"); ok {
		return []step{{at, stem}, {at, ""}, {stem + ".html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, "/"); ok {
		return []step{{stem + ".html", stem}, {stem + "/index.html", stem}}
	}
	if stem, ok := strings.CutSuffix(at, ".html"); ok {
		return []step{{at, stem}, {stem + "/index.html", stem}}
	}
	return nil
}

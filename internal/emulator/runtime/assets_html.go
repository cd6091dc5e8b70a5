package runtime

import "strings"

// How pages are addressed. A page is foo.html, or index.html in a folder foo; where there are both, or a file foo besides,
// the order in which they are looked for decides.
// Sources: https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling/, and where the page is
// silent workers-sdk, packages/workers-shared/asset-worker/src/handler.ts
const (
	forceTrailingSlash = "force-trailing-slash"
	dropTrailingSlash  = "drop-trailing-slash"
	exactNames         = "none"
)

// A step looks for a file. With leadsTo, the file is not served, but where it is.
type step struct{ file, leadsTo string }

// resolve returns the file at a path, or where the path of that file is.
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

// serves reports whether a path that is no file's own is where the file of that hash is served, without another redirect.
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

// steps are what a path may mean, the most likely first.
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

// stepsToPage are those for paths that say more than the name of a page, where only folders have a slash.
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

// stepsToSlash are those where every page has one.
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

// stepsFromSlash are those where no page has one, but that of the root.
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

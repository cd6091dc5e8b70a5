package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/spec"
)

// code downloads a script's code.
func (a *Account) code(ctx context.Context, address spec.Address, mark *spec.Mark) (*spec.Code, error) {
	path := a.scriptPath(address) + "/content"
	if address.Kind == spec.KindWorker {
		path += "/v2" // the endpoint without it takes uploads only
	}
	response, err := a.api.Content(ctx, path)
	if err != nil {
		return nil, err
	}
	code, err := decodeContent(response.Header, response.Content, mark)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return code, nil
}

// decodeContent reads a script's code from the response of a content endpoint:
// a form with a part for each module, or the bare source of a script that is
// one file. As in wrangler, the header cf-entrypoint names the main module; it
// is not documented whether responses about user Workers have it.
func decodeContent(header http.Header, body []byte, mark *spec.Mark) (*spec.Code, error) {
	if len(body) == 0 {
		return spec.NoCode(), nil // only static assets
	}
	entrypoint := header.Get("Cf-Entrypoint")
	mediaType, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
	modules := []spec.Module{{Name: entrypoint, Type: moduleType(mediaType), Content: body}}
	if mediaType == "multipart/form-data" {
		var err error
		if modules, err = decodeParts(body, params["boundary"]); err != nil {
			return nil, err
		}
	} else if entrypoint == "" {
		modules[0].Name = "worker.js"
	}
	if len(modules) == 0 {
		return spec.NoCode(), nil
	}
	code := new(spec.Code)
	for _, name := range entrypoints(entrypoint, modules) {
		code.Complete(name, modules)
		if mark == nil || spec.ShortDigest(code.Digest) == mark.Code {
			return code, nil
		}
	}
	// No candidate gives the code that the mark describes, because it has
	// changed since. The likeliest main module will do.
	code.Complete(entrypoints(entrypoint, modules)[0], modules)
	return code, nil
}

// entrypoints returns the modules that may be the main one, the likeliest
// first: the one that the response names, or else those that can hold handlers.
func entrypoints(named string, modules []spec.Module) []string {
	var names []string
	for _, m := range modules {
		if m.Name == named {
			return []string{named}
		}
		if m.Type == spec.ESModule || m.Type == spec.CommonJS {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		names = append(names, modules[0].Name)
	}
	return names
}

// decodeParts reads the modules from a form. Multipart's own FileName would cut
// a module's name down to what follows the last slash.
func decodeParts(body []byte, boundary string) ([]spec.Module, error) {
	if boundary == "" {
		return nil, errors.New("the content is a form without a boundary")
	}
	var modules []spec.Module
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextRawPart()
		if err == io.EOF {
			return modules, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the content is a malformed form: %w", err)
		}
		_, disposition, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		name := disposition["filename"]
		if name == "" {
			name = disposition["name"]
		}
		if name == "" {
			return nil, errors.New("the content has a module without a name")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("module %q breaks off: %w", name, err)
		}
		modules = append(modules, spec.Module{Name: name, Type: moduleType(part.Header.Get("Content-Type")), Content: content})
	}
}

// moduleType returns a part's type as uploads spell it. The platform also takes
// text/javascript, and may return it.
func moduleType(contentType string) spec.ModuleType {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	mediaType = strings.Replace(mediaType, "text/javascript", "application/javascript", 1)
	if mediaType == "" {
		return spec.BinaryModule
	}
	return spec.ModuleType(mediaType)
}

// ReadCode completes the code of inspected Workers with their modules, which
// Inspect leaves out if a mark has the digest. Code that several of them run is
// read once.
func (a *Account) ReadCode(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	known := map[string]*spec.Code{}
	for _, address := range addresses {
		if live := snap.Resources[address]; live != nil {
			if code := live.Resource.(spec.Scripted).AsScript().Code; code != nil && len(code.Modules) > 0 {
				known[spec.ShortDigest(code.Digest)] = code
			}
		}
	}
	var first []spec.Address // of each code to be read
	asked := map[string]bool{}
	for _, address := range addresses {
		live := snap.Resources[address]
		if live == nil {
			continue
		}
		digest := spec.ShortDigest(live.Resource.(spec.Scripted).AsScript().Code.Digest)
		if known[digest] == nil && !asked[digest] {
			asked[digest], first = true, append(first, address)
		}
	}
	read := make([]*spec.Code, len(first))
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for i, address := range first {
		g.Go(func() (err error) {
			read[i], err = a.code(groupCtx, address, snap.Resources[address].Revision.Mark)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, code := range read {
		known[spec.ShortDigest(code.Digest)] = code
	}
	for _, address := range addresses {
		if live := snap.Resources[address]; live != nil {
			definition := live.Resource.(spec.Scripted).AsScript()
			if code := known[spec.ShortDigest(definition.Code.Digest)]; code != nil {
				definition.Code = code
			}
		}
	}
	return nil
}

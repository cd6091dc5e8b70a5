package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// Custom hostnames go through the raw client. cloudflare-go takes metadata of
// strings only, although the API takes any JSON, and cannot set the origin of a
// new hostname.
var customHostnameOps = kindOps{
	search:    searchHostnames,
	kind:      spec.KindCustomHostname,
	endpoints: endpoints{path: "custom_hostnames", missing: []int{codeSaaSMissing}, exists: []int{codeSaaSExists}, pageSize: "5"},
	list:      listCustomHostnames,
	page:      hostnamesOnPage,
	look:      lookAtCustomHostname,
	put:       putCustomHostname,
	delete:    deleteCustomHostname,
}

// customHostname is a hostname as the API returns it.
type customHostname struct {
	ID                 string      `json:"id"`
	Hostname           string      `json:"hostname"`
	SSL                spec.Object `json:"ssl"`
	CustomMetadata     spec.Object `json:"custom_metadata"`
	CustomOriginServer string      `json:"custom_origin_server"`
	CustomOriginSNI    string      `json:"custom_origin_sni"`
}

// sslSettings are the members of a certificate that a user chooses. The others
// say how far its validation is.
var sslSettings = []string{"method", "type", "wildcard", "certificate_authority", "bundle_method", "settings"}

// hostnamesOnPage is the largest page.
// Source: API reference, "List Custom Hostnames".
const hostnamesOnPage = 50

func listCustomHostnames(ctx context.Context, r *reading, parent string) ([]*spec.Live, error) {
	return r.account.customHostnames(ctx, parent, url.Values{})
}

// customHostnames reads the hostnames of a zone that a filter matches.
func (a *Account) customHostnames(ctx context.Context, parent string, filter url.Values) ([]*spec.Live, error) {
	zone, err := a.zone(ctx, parent)
	if err != nil {
		return nil, err
	}
	filter.Set("per_page", strconv.Itoa(hostnamesOnPage))
	list, err := listPages(ctx, a.api, cloudflare.Path("zones", zone.ID, "custom_hostnames"), filter, hostnamesOnPage, func(h customHostname) string { return h.ID })
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, h := range list {
		out = append(out, h.live(parent))
	}
	return out, nil
}

func (h customHostname) live(parent string) *spec.Live {
	owner, metadata := spec.MetadataOwner(h.CustomMetadata)
	ssl := spec.Object{}
	for _, name := range sslSettings {
		if value, set := h.SSL[name]; set && value != nil {
			ssl[name] = value
		}
	}
	hostname := &spec.CustomHostname{
		Zone: parent, Hostname: strings.ToLower(h.Hostname), SSL: ssl, CustomMetadata: metadata,
		CustomOriginServer: h.CustomOriginServer, CustomOriginSNI: h.CustomOriginSNI,
	}
	return &spec.Live{Resource: hostname, Revision: spec.Revision{ID: h.ID, ETag: hostnameTag(hostname, owner), Owner: owner}, Detailed: true}
}

// hostnameTag is a hash of a hostname's settings and owner. sslTag is one of
// its certificate's settings: to write those again means that the hostname is
// validated again.
// Source: API reference, "Edit Custom Hostname".
func hostnameTag(h *spec.CustomHostname, owner string) string {
	return fingerprint(h, owner) + "." + sslTag(h)
}

func sslTag(h *spec.CustomHostname) string { return spec.ShortDigest(spec.DigestOf(h.SSL)) }

func lookAtCustomHostname(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	found, err := a.customHostnames(ctx, address.Parent, url.Values{"hostname": {address.Name}})
	if err != nil {
		return spec.Revision{}, err
	}
	if revision := revisionIn(found, address); revision != nil {
		return *revision, nil
	}
	return spec.Revision{}, errAbsent
}

// putCustomHostname creates a hostname, or changes one. It does not wait for
// the validation, which depends on the customer and takes hours.
func putCustomHostname(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	h := w.Resource.(*spec.CustomHostname)
	zone, err := a.zone(ctx, h.Zone)
	if err != nil {
		return spec.Revision{}, err
	}
	body := spec.Object{}
	if h.CustomMetadata != nil {
		body["custom_metadata"] = spec.MarkedMetadata(h.CustomMetadata, w.Stack)
	}
	for name, value := range map[string]string{"custom_origin_server": h.CustomOriginServer, "custom_origin_sni": h.CustomOriginSNI} {
		if value != "" {
			body[name] = value
		}
	}
	if w.Prior != nil && w.Prior.ID != "" {
		if !strings.HasSuffix(w.Prior.ETag, "."+sslTag(h)) {
			body["ssl"] = h.SSL
		}
		return a.writeCustomHostname(ctx, http.MethodPatch, cloudflare.Path("zones", zone.ID, "custom_hostnames", w.Prior.ID), h, body)
	}
	body["hostname"], body["ssl"] = h.Hostname, h.SSL
	revision, err := a.writeCustomHostname(ctx, http.MethodPost, cloudflare.Path("zones", zone.ID, "custom_hostnames"), h, body)
	if err == nil {
		return revision, nil
	}
	return afterLostResponse(err, func() (spec.Revision, error) {
		found, err := lookAtCustomHostname(ctx, a, h.Address())
		if err == nil && h.CustomMetadata != nil && found.Owner != w.Stack {
			return spec.Revision{}, errAbsent // it is another stack's, and there is no reason to take it over
		}
		return found, err
	})
}

func (a *Account) writeCustomHostname(ctx context.Context, method, path string, h *spec.CustomHostname, body spec.Object) (spec.Revision, error) {
	var response customHostname
	if err := a.api.ExchangeJSON(ctx, method, path, body, &response); err != nil {
		return spec.Revision{}, err
	}
	if response.ID == "" || !strings.EqualFold(response.Hostname, h.Hostname) {
		return spec.Revision{}, fmt.Errorf("the API returned the custom hostname %q with the id %q for a write of %q", response.Hostname, response.ID, h.Hostname)
	}
	return response.live(h.Zone).Revision, nil
}

func deleteCustomHostname(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	zone, err := a.zone(ctx, address.Parent)
	if err != nil {
		return err
	}
	id := prior.ID
	if id == "" {
		found, err := lookAtCustomHostname(ctx, a, address)
		if err != nil {
			return err
		}
		id = found.ID
	}
	return a.api.Remove(ctx, cloudflare.Path("zones", zone.ID, "custom_hostnames", id))
}

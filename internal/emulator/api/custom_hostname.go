package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) customHostnameRoutes() []route {
	const list, one = "/zones/{zone}/custom_hostnames", "/zones/{zone}/custom_hostnames/{hostname}"
	return []route{
		{"GET", list, s.listCustomHostnames},
		{"POST", list, s.createCustomHostname},
		{"GET", one, s.getCustomHostname},
		{"PATCH", one, s.patchCustomHostname},
		{"DELETE", one, s.deleteCustomHostname},
	}
}

// customHostnameView is a hostname whose customer has not done anything yet,
// because there is no certificate authority here.
type customHostnameView struct {
	ID                 string                     `json:"id"`
	Hostname           string                     `json:"hostname"`
	SSL                map[string]json.RawMessage `json:"ssl"`
	Status             string                     `json:"status"`
	CustomMetadata     json.RawMessage            `json:"custom_metadata,omitempty"`
	CustomOriginServer string                     `json:"custom_origin_server,omitempty"`
	CustomOriginSNI    string                     `json:"custom_origin_sni,omitempty"`
	Ownership          map[string]string          `json:"ownership_verification"`
	OwnershipHTTP      map[string]string          `json:"ownership_verification_http"`
	CreatedAt          timestamp                  `json:"created_at"`
}

func viewCustomHostname(h store.CustomHostname) customHostnameView {
	ssl := map[string]json.RawMessage{
		"id": quoted(derivedUUID(fmt.Sprintf("certificate %d of %s", h.Validations, h.ID))), "status": quoted("pending_validation"), "bundle_method": quoted("ubiquitous"),
		"certificate_authority": quoted("google"), "wildcard": json.RawMessage("false"), "type": quoted("dv"),
		"validation_records": mustMarshal([]map[string]string{{
			"txt_name": "_acme-challenge." + h.Hostname, "txt_value": derivedID("challenge " + h.ID),
		}}),
	}
	for name, value := range h.SSL {
		ssl[name] = value
	}
	return customHostnameView{
		ID: h.ID, Hostname: h.Hostname, SSL: ssl, Status: "pending", CustomMetadata: h.CustomMetadata,
		CustomOriginServer: h.CustomOriginServer, CustomOriginSNI: h.CustomOriginSNI,
		Ownership:     map[string]string{"type": "txt", "name": "_cf-custom-hostname." + h.Hostname, "value": derivedID("owner " + h.ID)},
		OwnershipHTTP: map[string]string{"http_url": "http://" + h.Hostname + "/.well-known/cf-custom-hostname-challenge/" + h.ID, "http_body": derivedID("owner " + h.ID)},
		CreatedAt:     timestamp(h.CreatedAt),
	}
}

func quoted(text string) json.RawMessage { return mustMarshal(text) }

// mustMarshal encodes strings, which cannot fail.
func mustMarshal(value any) json.RawMessage {
	raw, _ := json.Marshal(value)
	return raw
}

func (s *Server) listCustomHostnames(c *call) (reply, error) {
	query := c.query()
	if query.Get("id") != "" && query.Get("hostname") != "" {
		return reply{}, fail(http.StatusBadRequest, saasFilters, "Cannot specify other filter parameters in addition to `id`. Only one must be specified. Check your input and try again.")
	}
	views := []customHostnameView{}
	err := c.view(func(tx *store.Tx) error {
		z, err := s.findSaaSZone(c, tx)
		if err != nil {
			return err
		}
		for _, h := range tx.CustomHostnames(z.ID) {
			if isOrAny(query.Get("hostname"), h.Hostname) && isOrAny(query.Get("id"), h.ID) && strings.Contains(h.Hostname, query.Get("hostname.contain")) {
				views = append(views, viewCustomHostname(h))
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b customHostnameView) int { return strings.Compare(a.Hostname, b.Hostname) })
	return pageOf(views, query, pageRange{min: 5, max: 50, byDefault: 20}, saasMalformed)
}

// findSaaSZone returns the zone in a call's path, if it may have custom
// hostnames.
func (s *Server) findSaaSZone(c *call, tx *store.Tx) (store.Zone, error) {
	z, err := s.findZone(c, tx)
	if t := s.trouble.Load(); err == nil && t != nil && t.NoSaaS {
		return z, fail(http.StatusForbidden, saasNoQuota, "No quota has been allocated for this zone. If you are already a paid Cloudflare for SaaS customer, contact your Customer Success Manager for additional provisioning.")
	}
	return z, err
}

func (s *Server) findCustomHostname(c *call, tx *store.Tx) (store.Zone, store.CustomHostname, error) {
	z, err := s.findSaaSZone(c, tx)
	if err != nil {
		return z, store.CustomHostname{}, err
	}
	h, found := tx.CustomHostname(z.ID, c.param("hostname"))
	if !found {
		return z, h, fail(http.StatusNotFound, saasNotFound, "The custom hostname was not found.")
	}
	return z, h, nil
}

func (s *Server) getCustomHostname(c *call) (reply, error) {
	var view customHostnameView
	err := c.view(func(tx *store.Tx) error {
		_, h, err := s.findCustomHostname(c, tx)
		view = viewCustomHostname(h)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// customHostnameFields are the members of a body; a member that it lacks is
// nil.
type customHostnameFields struct {
	Hostname           *string         `json:"hostname"`
	SSL                json.RawMessage `json:"ssl"`
	CustomMetadata     json.RawMessage `json:"custom_metadata"`
	CustomOriginServer *string         `json:"custom_origin_server"`
	CustomOriginSNI    *string         `json:"custom_origin_sni"`
}

func (s *Server) createCustomHostname(c *call) (reply, error) {
	written, err := s.writeCustomHostname(c, func(tx *store.Tx, body customHostnameFields) (store.Zone, store.CustomHostname, error) {
		z, err := s.findSaaSZone(c, tx)
		h := store.CustomHostname{ID: newUUID(), CreatedAt: s.now()}
		if err != nil {
			return z, h, err
		}
		if set(&h.Hostname, body.Hostname); body.SSL == nil {
			return z, h, fail(http.StatusBadRequest, saasInvalidSSL, "The SSL attribute is invalid. Refer to the API documentation, check your input and try again.")
		}
		h.Hostname = strings.ToLower(h.Hostname)
		if err := checkCustomHostname(h.Hostname); err != nil {
			return z, h, err
		}
		for _, other := range tx.CustomHostnames(z.ID) {
			if other.Hostname == h.Hostname {
				return z, h, fail(http.StatusConflict, saasDuplicate, "Duplicate custom hostname found.")
			}
		}
		return z, h, nil
	})
	return reply{status: http.StatusCreated, result: written}, err
}

func (s *Server) patchCustomHostname(c *call) (reply, error) {
	written, err := s.writeCustomHostname(c, func(tx *store.Tx, body customHostnameFields) (store.Zone, store.CustomHostname, error) {
		z, h, err := s.findCustomHostname(c, tx)
		if err == nil && body.Hostname != nil && *body.Hostname != h.Hostname {
			err = fail(http.StatusConflict, saasImmutable, "Modifying the custom hostname is not supported. Check your input and try again.")
		}
		return z, h, err
	})
	return reply{status: http.StatusAccepted, result: written}, err
}

// writeCustomHostname applies the body to the hostname that find returns: each
// member replaces the former one.
func (s *Server) writeCustomHostname(c *call, find func(*store.Tx, customHostnameFields) (store.Zone, store.CustomHostname, error)) (customHostnameView, error) {
	var body customHostnameFields
	if err := c.json(&body, errSaaSMalformed); err != nil {
		return customHostnameView{}, err
	}
	var view customHostnameView
	err := c.update(func(tx *store.Tx) error {
		z, h, err := find(tx, body)
		if err != nil {
			return err
		}
		if err := s.applyHostname(tx, z, &h, body); err != nil {
			return err
		}
		tx.PutCustomHostname(z.ID, h)
		view = viewCustomHostname(h)
		return nil
	})
	return view, err
}

func (s *Server) applyHostname(tx *store.Tx, z store.Zone, h *store.CustomHostname, body customHostnameFields) error {
	if body.SSL != nil {
		ssl, err := checkSSL(body.SSL)
		if err != nil {
			return err
		}
		h.SSL, h.Validations = ssl, h.Validations+1
	}
	if err := s.setMetadata(h, body.CustomMetadata); err != nil {
		return err
	}
	set(&h.CustomOriginSNI, body.CustomOriginSNI)
	if set(&h.CustomOriginServer, body.CustomOriginServer); h.CustomOriginServer == "" {
		return nil
	}
	if !slices.ContainsFunc(tx.DNSRecords(z.ID), func(r store.DNSRecord) bool { return r.Name == h.CustomOriginServer && proxiable(r.Type) }) {
		return fail(http.StatusBadRequest, saasNoOrigin, "The custom origin hostname you specified does not exist on Cloudflare as a DNS record (A, AAAA or CNAME) in your zone: %s. Check your input and try again.", z.ID)
	}
	return nil
}

// setMetadata replaces all metadata. It is JSON, at most 4 KB, and not every
// zone may have any.
func (s *Server) setMetadata(h *store.CustomHostname, metadata json.RawMessage) error {
	if metadata == nil {
		return nil
	}
	var compact bytes.Buffer
	object := map[string]json.RawMessage{}
	t := s.trouble.Load()
	switch err := json.Compact(&compact, metadata); {
	case err != nil || json.Unmarshal(metadata, &object) != nil || compact.Len() > 4<<10:
		return fail(http.StatusBadRequest, saasInvalidMetadata, "Unable to encode the Custom Metadata as JSON. Check your input and try again.")
	case t != nil && t.NoMetadata && len(object) > 0:
		return fail(http.StatusForbidden, saasNoMetadata, "No custom metadata access has been allocated for this zone.")
	case strings.Contains(h.Hostname, "*"):
		return fail(http.StatusBadRequest, saasWildcardMetadata, "Custom metadata for wildcard custom hostnames is not supported. Check your input and try again.")
	}
	if h.CustomMetadata = compact.Bytes(); len(object) == 0 {
		h.CustomMetadata = nil
	}
	return nil
}

// checkSSL accepts the settings that a certificate may have.
func checkSSL(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var ssl map[string]json.RawMessage
	var asked struct{ Method, Type string }
	switch {
	case json.Unmarshal(raw, &ssl) != nil || json.Unmarshal(raw, &asked) != nil || ssl == nil:
		return nil, fail(http.StatusBadRequest, saasInvalidSSL, "The SSL attribute is invalid. Refer to the API documentation, check your input and try again.")
	case asked.Method == "" || asked.Type == "":
		return nil, fail(http.StatusBadRequest, saasIncompleteSSL, "Both validation type and validation method are required. Check your input and try again.")
	case !slices.Contains([]string{"http", "txt", "email"}, asked.Method):
		return nil, fail(http.StatusBadRequest, saasInvalidMethod, "The validation method is not supported. Only `http`, `email`, or `txt` are accepted. Check your input and try again.")
	case asked.Type != "dv":
		return nil, fail(http.StatusBadRequest, saasInvalidType, "The validation type is not supported. Only 'dv' is accepted. Check your input and try again.")
	}
	return ssl, nil
}

// checkCustomHostname accepts valid hostnames of customers.
func checkCustomHostname(hostname string) error {
	bad := func(code int, message string) error {
		return fail(http.StatusBadRequest, code, "%s Check your input and try again.", message)
	}
	top := hostname[strings.LastIndex(hostname, ".")+1:]
	_, notAddress := netip.ParseAddr(hostname)
	switch {
	case strings.IndexFunc(hostname, func(r rune) bool { return r > '~' }) >= 0:
		return bad(saasNotASCII, "Custom hostnames with non-ASCII characters are not supported.")
	case hostname == "" || len(hostname) > 255 || notAddress == nil || strings.ContainsAny(hostname, "`~!@#$%^&()=+{}[]\\ /:_"):
		return bad(saasInvalidHostname, "Invalid custom hostname.")
	case slices.Contains([]string{"test", "example", "invalid", "localhost"}, top):
		return bad(saasReservedTop, "Reserved top domain custom hostnames, such as 'test', 'example', 'invalid' or 'localhost', is not supported.")
	case !strings.Contains(hostname, "."):
		return bad(saasNoSuffix, "Unable to parse custom hostname - publicsuffix: cannot derive eTLD+1 for domain.")
	case slices.ContainsFunc([]string{"example.com", "example.net", "example.org"}, func(domain string) bool { return strings.HasSuffix("."+hostname, "."+domain) }):
		return bad(saasReserved, "Custom hostnames ending in example.com, example.net, or example.org are prohibited.")
	case strings.Contains(hostname, "*"):
		return bad(saasWildcard, "Custom hostnames with wildcards are not supported for certificates managed by Cloudflare.")
	}
	return nil
}

// deleteCustomHostname responds with the hostname's id, without an envelope.
// Source: API reference, "Delete Custom Hostname".
func (s *Server) deleteCustomHostname(c *call) (reply, error) {
	var id string
	err := c.update(func(tx *store.Tx) error {
		z, h, err := s.findCustomHostname(c, tx)
		if err != nil {
			return err
		}
		id = h.ID
		tx.DeleteCustomHostname(z.ID, id)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return bare(map[string]string{"id": id}), nil
}

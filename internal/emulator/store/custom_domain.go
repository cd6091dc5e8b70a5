package store

const customDomainsBucket = "custom domains"

// A CustomDomain makes an account Worker the origin of a hostname.
type CustomDomain struct {
	ID       string `json:"id"`
	Hostname string `json:"hostname"`
	Script   string `json:"script"`
	ZoneID   string `json:"zone_id"`
}

// CustomDomains returns the account's custom domains, sorted by id.
func (t *Tx) CustomDomains(account string) []CustomDomain { return t.customDomains(account).all() }

// CustomDomain returns a custom domain by its id.
func (t *Tx) CustomDomain(account, id string) (CustomDomain, bool) {
	return t.customDomains(account).get(id)
}

// PutCustomDomain creates or replaces a custom domain.
func (t *Tx) PutCustomDomain(account string, d CustomDomain) {
	t.customDomains(account).put(d.ID, d)
	t.changed(Change{Account: account})
}

// DeleteCustomDomain removes a custom domain.
func (t *Tx) DeleteCustomDomain(account, id string) {
	t.customDomains(account).delete(id)
	t.changed(Change{Account: account})
}

func (t *Tx) customDomains(account string) collection[CustomDomain] {
	return collect[CustomDomain](t, accountDataBucket, account, customDomainsBucket)
}

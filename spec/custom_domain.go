package spec

// KindCustomDomain is a hostname that a Worker answers as its origin.
const KindCustomDomain Kind = "custom_domain"

var customDomainKind = KindInfo{
	Kind:       KindCustomDomain,
	Singular:   "custom domain",
	Plural:     "custom domains",
	Product:    ProductWorkers,
	Permission: permissionRoutes,
	decode:     decodeAs[*CustomDomain],
}

// CustomDomain makes a Worker the origin of a hostname. The platform manages
// the DNS record and the certificate. A hostname is unique in an account.
type CustomDomain struct {
	Hostname string `json:"hostname"`

	// Zone is as in [Route]. The API needs it to write a domain, and a hostname
	// cannot move to another zone.
	Zone string `json:"zone"`

	Worker       string `json:"worker"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (d *CustomDomain) Address() Address        { return Address{Kind: KindCustomDomain, Name: d.Hostname} }
func (d *CustomDomain) AttachedTo() Address     { return Address{Kind: KindWorker, Name: d.Worker} }
func (d *CustomDomain) Host() string            { return d.Hostname }
func (d *CustomDomain) ZoneOf() string          { return d.Zone }
func (d *CustomDomain) setZone(name string)     { d.Zone = name }
func (d *CustomDomain) Meta() Meta              { return d.ResourceMeta }
func (d *CustomDomain) References() []Reference { return attachedReferences(d) }

func (d *CustomDomain) Canonical() Object { return Object{"service": d.Worker} }

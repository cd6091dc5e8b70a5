package spec

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A KindInfo describes one kind of resource, to every package: the stack file and
// its import, plans, reports, and what is known of the API. What a package does with
// resources of a kind stands in that package, in a file that bears the kind's name.
type KindInfo struct {
	Kind Kind

	// Section is the key of the stack file that declares resources of the kind; ""
	// where an entry of another kind does, as a Worker does with its routes.
	Section string

	// Singular and Plural name one resource of the kind, and several, to a person.
	Singular, Plural string

	// Container is what a name is unique within.
	Container Container

	// Product is the family of the API's endpoints for the kind, and Permission
	// what a token needs for them.
	Product    Product
	Permission Permission

	// Store says that resources of the kind hold customers' data, which absence from
	// the file never deletes.
	Store bool

	// ForceNew are settings that are decided when a resource is created: another
	// value in the file replaces it. CreateOnly are settings that are only asked for
	// then: another value is said, and changes nothing.
	ForceNew, CreateOnly []string

	// Holds is the kind of what resources of the kind hold, "" for nothing.
	Holds Kind

	// Bindings are the types of bindings that lead a Worker to resources of the kind.
	Bindings []BindingType

	// Script says that resources of the kind have code and bindings; they are
	// [Scripted].
	Script bool

	// Vouched says that resources of the kind carry a mark of what was written, so
	// that what is there can be told from it.
	CarriesDigest bool

	// Fleet says that a stack has many of the kind, so that guards limit how many a
	// plan may delete or change at once.
	LimitedByGuards bool

	// decode reads a resource of the kind from the JSON of a plan.
	decode func(data []byte) (Resource, error)
}

// A Container is what the names of a kind are unique within.
type Container int

// The containers. The name of one is the parent in the address of what it holds,
// but for a Worker's: what a Worker has one of at most bears its name.
const (
	ContainerAccount Container = iota
	ContainerDispatchNamespace
	ContainerJurisdiction // of R2 buckets; most are in none
	ContainerKVNamespace
	ContainerQueue
	ContainerWorker
	ContainerZone
)

// parentWords are the containers' words in an address, in messages.
var parentWords = map[Container]string{
	ContainerDispatchNamespace: "namespace",
	ContainerJurisdiction:      "jurisdiction",
	ContainerKVNamespace:       "title",
	ContainerQueue:             "queue",
	ContainerZone:              "zone",
}

// kinds is every kind there is, sorted. A new kind is a file of its own, in each
// package that does something with its resources, and a line here.
var kinds = []KindInfo{
	cronTriggersKind,
	customDomainKind,
	customHostnameKind,
	d1DatabaseKind,
	dispatchNamespaceKind,
	dnsRecordKind,
	kvNamespaceKind,
	kvPairKind,
	queueKind,
	queueConsumerKind,
	r2BucketKind,
	routeKind,
	userWorkerKind,
	vectorizeIndexKind,
	workerKind,
	workerSubdomainKind,
}

// infos are the kinds by their names.
var infos = func() map[Kind]*KindInfo {
	byKind := map[Kind]*KindInfo{}
	for i := range kinds {
		byKind[kinds[i].Kind] = &kinds[i]
	}
	return byKind
}()

// Kinds returns every kind there is, sorted.
func Kinds() []KindInfo { return slices.Clone(kinds) }

// Info returns the description of the kind. The zero KindInfo describes a kind
// that does not exist.
func (k Kind) Info() KindInfo {
	if info := infos[k]; info != nil {
		return *info
	}
	return KindInfo{}
}

// Count puts a number of resources of the kind into words.
func (k KindInfo) Count(n int) string {
	if n == 1 {
		return "1 " + k.Singular
	}
	return fmt.Sprintf("%d %s", n, k.Plural)
}

// InZones reports whether a section declares resources in any number of zones.
func (k KindInfo) InZones() bool { return k.Section != "" && k.Container == ContainerZone }

// listedApart reports whether a section declares resources in any number of
// containers, which are listed one by one and are not themselves what declares them.
func (k KindInfo) listedApart() bool { return k.InZones() || k.Container == ContainerKVNamespace }

func decodeAs[R Resource](data []byte) (Resource, error) {
	var r R
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	return r, nil
}

// DecodeResource reads a resource of a kind from the JSON that encoding/json
// writes of it.
func DecodeResource(kind Kind, data []byte) (Resource, error) {
	info := kind.Info()
	if info.decode == nil {
		return nil, fmt.Errorf("unknown kind %q", kind)
	}
	return info.decode(data)
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k.Kind))
	}
	return names
}

package spec

import (
	"encoding/json"
	"fmt"
	"slices"
)

// KindInfo describes one kind of resource to every package: its name in the
// stack file, in plans and reports, and what is known of the API. What a
// package does with resources of a kind is in that package, in a file named
// after the kind.
type KindInfo struct {
	Kind Kind

	// Section is the key of the stack file that declares resources of the kind;
	// "" if another kind's entry does, as a Worker's does for its routes.
	Section string

	// Singular and Plural are the kind's names for people.
	Singular, Plural string

	// Container is what names of the kind are unique within.
	Container Container

	// Product is the family of the kind's API endpoints, and Permission is what
	// a token needs for them.
	Product    Product
	Permission Permission

	// Store says that resources of the kind hold customers' data. Absence from
	// the file never deletes them.
	Store bool

	// ForceNew are settings that are fixed when a resource is created: another
	// value in the file replaces the resource. CreateOnly are settings that
	// count only then: another value is a warning and changes nothing.
	ForceNew, CreateOnly []string

	// Holds is the kind of resources that those of this kind contain; "" for
	// none.
	Holds Kind

	// Bindings are the types of bindings that lead to resources of the kind.
	Bindings []BindingType

	// Script says that resources of the kind have code and bindings: they are
	// [Scripted].
	Script bool

	// CarriesDigest says that resources of the kind carry a digest of what was
	// written, so that another program's change is noticed.
	CarriesDigest bool

	// LimitedByGuards says that guards limit how many resources of the kind a
	// plan may delete or change at once.
	LimitedByGuards bool

	// decode reads a resource of the kind from a plan's JSON.
	decode func(data []byte) (Resource, error)
}

// Container is what the names of a kind are unique within.
type Container int

// These are the containers. In an address, the name of the container is the
// parent of what it contains. A Worker is different: a resource
// that a Worker has at most once takes the Worker's name.
const (
	ContainerAccount Container = iota
	ContainerDispatchNamespace
	ContainerJurisdiction // of R2 buckets; most are in none
	ContainerKVNamespace
	ContainerQueue
	ContainerWorker
	ContainerZone
)

// parentWords are the words for containers in messages about addresses.
var parentWords = map[Container]string{
	ContainerDispatchNamespace: "namespace",
	ContainerJurisdiction:      "jurisdiction",
	ContainerKVNamespace:       "title",
	ContainerQueue:             "queue",
	ContainerZone:              "zone",
}

// kinds are all kinds, sorted. A new kind is a line here, and a file of its own
// in each package that handles its resources.
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

// infos are the kinds by name.
var infos = func() map[Kind]*KindInfo {
	byKind := map[Kind]*KindInfo{}
	for i := range kinds {
		byKind[kinds[i].Kind] = &kinds[i]
	}
	return byKind
}()

// Kinds returns all kinds, sorted.
func Kinds() []KindInfo { return slices.Clone(kinds) }

// Info returns the description of the kind; the zero KindInfo for an unknown
// kind.
func (k Kind) Info() KindInfo {
	if info := infos[k]; info != nil {
		return *info
	}
	return KindInfo{}
}

// Count returns a number of resources of the kind in words.
func (k KindInfo) Count(n int) string {
	if n == 1 {
		return "1 " + k.Singular
	}
	return fmt.Sprintf("%d %s", n, k.Plural)
}

// InZones reports whether one section declares resources in many zones.
func (k KindInfo) InZones() bool { return k.Section != "" && k.Container == ContainerZone }

// listedPerContainer reports whether one section declares resources in many
// containers, and each is listed by itself.
func (k KindInfo) listedPerContainer() bool {
	return k.InZones() || k.Container == ContainerKVNamespace
}

func decodeAs[R Resource](data []byte) (Resource, error) {
	var r R
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	return r, nil
}

// DecodeResource reads a resource of a kind from the JSON that encoding/json
// writes.
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

package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// KindR2Bucket is an R2 bucket.
const KindR2Bucket Kind = "r2_bucket"

var r2BucketKind = KindInfo{
	Kind:       KindR2Bucket,
	Section:    "r2_buckets",
	Singular:   "R2 bucket",
	Plural:     "R2 buckets",
	Container:  ContainerJurisdiction,
	Product:    ProductR2,
	Permission: permissionR2,
	Store:      true,
	decode:     decodeAs[*R2Bucket],
}

// R2Bucket is an R2 bucket. Its name is unique in its jurisdiction, and both
// together are its identity here.
type R2Bucket struct {
	Name string `json:"name"`

	// Jurisdiction is where the law keeps the objects; "" for none.
	Jurisdiction string `json:"jurisdiction,omitempty"`

	// Location is where a new bucket is put, if the platform can; nothing
	// moves one that exists. StorageClass is that of objects to come; "" leaves
	// it as it is.
	Location     string `json:"location,omitempty"`
	StorageClass string `json:"storage_class,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (b *R2Bucket) Address() Address {
	return Address{Kind: KindR2Bucket, Parent: b.Jurisdiction, Name: b.Name}
}
func (b *R2Bucket) References() []Reference { return nil }
func (b *R2Bucket) Meta() Meta              { return b.ResourceMeta }

func (b *R2Bucket) Canonical() Object {
	c := Object{}
	setIfAny(c, "location", b.Location)
	setIfAny(c, "storage_class", b.StorageClass)
	return c
}

func (l *loader) loadR2Bucket(e entry) {
	l.checkName(e, r2Name)
	l.add(&R2Bucket{
		Name:         e.name,
		Jurisdiction: bucketParent(e.value),
		Location:     e.value.Get("location").String(),
		StorageClass: e.value.Get("storage_class").String(),
		ResourceMeta: e.meta(),
	})
}

// noJurisdiction is what the API calls none.
const noJurisdiction = "default"

func jurisdictionOf(value *document.Value) string {
	if j := value.String(); j != noJurisdiction {
		return j
	}
	return ""
}

// bucketParent is the jurisdiction that an entry of `r2_buckets` declares.
func bucketParent(entry *document.Value) string { return jurisdictionOf(entry.Get("jurisdiction")) }

// r2BucketBinding reads an item of `r2_buckets` in a Worker: by `ref`, a bucket
// of this file; by `bucket_name`, and the jurisdiction where there is one, any.
func (l *loader) r2BucketBinding(item *document.Value) (Binding, bool) {
	b := Binding{Type: BindingR2Bucket, At: item.Range()}
	ref, name := item.Get("ref"), item.Get("bucket_name")
	if !l.checkOneOf(item, "ref", "bucket_name") {
		return b, false
	}
	if !l.checkNotBoth(item, "ref", "jurisdiction") {
		return b, false // the file says elsewhere where its bucket is
	}
	bucket := Address{Kind: KindR2Bucket, Parent: jurisdictionOf(item.Get("jurisdiction")), Name: name.String()}
	b.At = name.Range()
	if ref != nil {
		declared, ok := l.refer(KindR2Bucket, "r2_buckets", ref)
		if !ok {
			return b, false
		}
		bucket, b.At = declared, ref.Range()
	}
	properties := Object{"bucket_name": bucket.Name}
	setIfAny(properties, "jurisdiction", bucket.Parent)
	b.Properties = PropertiesOf(properties)
	return b, true
}

// canonicalR2 leaves out the jurisdiction that stands for none.
func canonicalR2(c Object) {
	if c["jurisdiction"] == noJurisdiction || c["jurisdiction"] == "" {
		delete(c, "jurisdiction")
	}
}

// bucketAddress is the bucket that a binding names.
func bucketAddress(b Binding) Address {
	c := Object{"jurisdiction": b.Properties.Get("jurisdiction")}
	canonicalR2(c)
	jurisdiction, _ := c["jurisdiction"].(string)
	name, _ := b.Properties.Get("bucket_name").(string)
	return Address{Kind: KindR2Bucket, Parent: jurisdiction, Name: name}
}

// writeR2Bucket writes an imported bucket. Where it is, it stays.
func (im *importer) writeR2Bucket(m *members, live *Live) []string {
	b := live.Resource.(*R2Bucket)
	if b.Jurisdiction != "" {
		m.set("jurisdiction", b.Jurisdiction)
	}
	if b.StorageClass != "" {
		m.set("storage_class", b.StorageClass)
	}
	return nil
}

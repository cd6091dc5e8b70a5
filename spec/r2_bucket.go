package spec

import "github.com/wfpsync/wfpsync/spec/internal/canon"

// KindR2Bucket is an R2 bucket.
const KindR2Bucket Kind = "r2_bucket"

// ProductR2 is R2.
const ProductR2 Product = "r2"

var r2BucketKind = KindInfo{
	Kind:       KindR2Bucket,
	Section:    "r2_buckets",
	Singular:   "R2 bucket",
	Plural:     "R2 buckets",
	Container:  ContainerJurisdiction,
	Product:    ProductR2,
	Permission: Permission{"Account", "Workers R2 Storage", "Edit"},
	Bindings:   []BindingType{{Name: BindingR2Bucket, targets: targetBucket, canonical: canonicalR2}},
	Store:      true,
	CreateOnly: []string{"location"},
	decode:     decodeAs[*R2Bucket],
}

// R2Bucket is an R2 bucket. Its name is unique in its jurisdiction, and both
// together are its identity.
type R2Bucket struct {
	Name string `json:"name"`

	// Jurisdiction restricts where the objects are stored; "" for none.
	Jurisdiction string `json:"jurisdiction,omitempty"`

	// Location is where the platform should put a new bucket; an existing one
	// cannot be moved. StorageClass is the class of objects stored from now on;
	// "" leaves it alone.
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
	canon.SetIfAny(c, "location", b.Location)
	canon.SetIfAny(c, "storage_class", b.StorageClass)
	return c
}

// NoJurisdiction is the API's name for no jurisdiction.
const NoJurisdiction = "default"

// canonicalR2 drops a jurisdiction that stands for none.
func canonicalR2(c Object) {
	if c["jurisdiction"] == NoJurisdiction || c["jurisdiction"] == "" {
		delete(c, "jurisdiction")
	}
}

// BucketOf returns the bucket that a binding names.
func BucketOf(b Binding) Address {
	c := Object{"jurisdiction": b.Properties.Get("jurisdiction")}
	canonicalR2(c)
	jurisdiction, _ := c["jurisdiction"].(string)
	name, _ := b.Properties.Get("bucket_name").(string)
	return Address{Kind: KindR2Bucket, Parent: jurisdiction, Name: name}
}

package stackfile

import (
	"maps"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadR2Bucket(e entry) {
	l.checkName(e, r2Name)
	l.add(&spec.R2Bucket{
		Name:         e.name,
		Jurisdiction: bucketParent(e.value),
		Location:     e.value.Get("location").String(),
		StorageClass: e.value.Get("storage_class").String(),
		ResourceMeta: e.meta(),
	})
}

func jurisdictionOf(value *document.Value) string {
	if j := value.String(); j != spec.NoJurisdiction {
		return j
	}
	return ""
}

// bucketParent returns the jurisdiction that an entry of `r2_buckets` declares.
func bucketParent(entry *document.Value) string { return jurisdictionOf(entry.Get("jurisdiction")) }

// r2BucketBinding reads an item of `r2_buckets` in a Worker: by `ref`, a bucket
// of this file; by `bucket_name`, and the jurisdiction where there is one, any.
func (l *loader) r2BucketBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{Type: spec.BindingR2Bucket, At: item.Range()}
	ref, name := item.Get("ref"), item.Get("bucket_name")
	if !l.checkOneOf(item, "ref", "bucket_name") {
		return b, false
	}
	if !l.checkNotBoth(item, "ref", "jurisdiction") {
		return b, false // the file says elsewhere where its bucket is
	}
	bucket := spec.Address{Kind: spec.KindR2Bucket, Parent: jurisdictionOf(item.Get("jurisdiction")), Name: name.String()}
	b.At = name.Range()
	if ref != nil {
		declared, ok := l.refer(spec.KindR2Bucket, "r2_buckets", ref)
		if !ok {
			return b, false
		}
		bucket, b.At = declared, ref.Range()
	}
	properties := spec.Object{"bucket_name": bucket.Name}
	canon.SetIfAny(properties, "jurisdiction", bucket.Parent)
	b.Properties = spec.PropertiesOf(properties)
	return b, true
}

// writeR2Bucket writes an imported bucket. Where it is, it stays.
func (im *importer) writeR2Bucket(m *members, live *spec.Live) []string {
	b := live.Resource.(*spec.R2Bucket)
	if b.Jurisdiction != "" {
		m.set("jurisdiction", b.Jurisdiction)
	}
	if b.StorageClass != "" {
		m.set("storage_class", b.StorageClass)
	}
	return nil
}

// r2Bucket writes a binding to a bucket: by key where the file declares it.
func (w *bindingWriter) r2Bucket(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	if !onlyHas(properties, "bucket_name", "jurisdiction") {
		return false
	}
	item, bucket := g.item(b), spec.BucketOf(b)
	if key := w.im.keys[bucket]; key != "" {
		item["ref"] = key
	} else {
		maps.Copy(item, properties)
	}
	return w.put(g, item)
}

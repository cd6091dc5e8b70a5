package api

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) r2BucketRoutes() []route {
	const list, one = "/accounts/{account}/r2/buckets", "/accounts/{account}/r2/buckets/{bucket}"
	return []route{
		{"GET", list, s.listR2Buckets},
		{"POST", list, s.createR2Bucket},
		{"GET", one, s.getR2Bucket},
		{"PATCH", one, s.patchR2Bucket},
		{"DELETE", one, s.deleteR2Bucket},
		{"GET", one + "/objects/{object...}", s.refuseR2Object},
		{"PUT", one + "/objects/{object...}", s.refuseR2Object},
		{"DELETE", one + "/objects/{object...}", s.refuseR2Object},
	}
}

// refuseR2Object does not respond with 404, unlike other missing operations:
// wrangler would take that for a missing object or bucket, and a deletion for
// done.
func (s *Server) refuseR2Object(c *call) (reply, error) {
	return reply{}, fail(http.StatusNotImplemented, codeNoRoute,
		"The local account of wfpsync has R2 objects only for its Workers: a Worker with the bucket bound can read and write them")
}

// A bucket's jurisdiction is a header and never part of a body. So is its
// storage class when it is changed.
const (
	r2JurisdictionHeader = "Cf-R2-Jurisdiction"
	r2StorageClassHeader = "Cf-R2-Storage-Class"
)

var (
	r2Name           = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	r2Jurisdictions  = []string{store.DefaultJurisdiction, "eu", "us", "fedramp", "fedramp-high"}
	r2Locations      = []string{"apac", "eeur", "enam", "weur", "wnam", "oc"}
	r2StorageClasses = []string{"Standard", "InfrequentAccess"}
)

type r2BucketView struct {
	Name         string    `json:"name"`
	CreationDate timestamp `json:"creation_date"`
	Location     string    `json:"location"` // in capitals, unlike the hint
	StorageClass string    `json:"storage_class"`
	Jurisdiction string    `json:"jurisdiction"`
}

func viewR2Bucket(b store.R2Bucket) r2BucketView {
	return r2BucketView{
		Name: b.Name, CreationDate: timestamp(b.CreationDate), Location: strings.ToUpper(b.Location),
		StorageClass: b.StorageClass, Jurisdiction: b.Jurisdiction,
	}
}

// r2Jurisdiction returns the jurisdiction of a call.
func (c *call) r2Jurisdiction() (string, error) {
	jurisdiction := c.r.Header.Get(r2JurisdictionHeader)
	switch {
	case jurisdiction == "":
		return store.DefaultJurisdiction, nil
	case !slices.Contains(r2Jurisdictions, jurisdiction):
		return "", fail(http.StatusBadRequest, r2InvalidRequest, "Unknown jurisdiction %q", jurisdiction)
	}
	return jurisdiction, nil
}

// findR2Bucket returns the bucket in a call's path.
func findR2Bucket(c *call, tx *store.Tx) (store.R2Bucket, error) {
	jurisdiction, err := c.r2Jurisdiction()
	if err != nil {
		return store.R2Bucket{}, err
	}
	b, found := tx.R2Bucket(c.account, jurisdiction, c.param("bucket"))
	if !found {
		return b, fail(http.StatusNotFound, r2BucketNotFound, "The specified bucket does not exist.")
	}
	return b, nil
}

type r2BucketList struct {
	Buckets []r2BucketView `json:"buckets"`
}

// r2CursorInfo is the result_info of this list, which has no count.
type r2CursorInfo struct {
	Cursor  string `json:"cursor,omitempty"`
	PerPage int    `json:"per_page"`
}

// listR2Buckets lists the buckets of one jurisdiction, with a cursor: the last
// name of a page.
func (s *Server) listR2Buckets(c *call) (reply, error) {
	query := c.query()
	perPage, err := number(query, "per_page", 20, r2InvalidRequest)
	if err != nil {
		return reply{}, err
	}
	if perPage < 1 || perPage > 1000 {
		return reply{}, fail(http.StatusBadRequest, r2InvalidRequest, "per_page must be between 1 and 1000")
	}
	jurisdiction, err := c.r2Jurisdiction()
	if err != nil {
		return reply{}, err
	}
	after := query.Get("cursor")
	if after == "" {
		after = query.Get("start_after")
	}
	views := []r2BucketView{}
	info := r2CursorInfo{PerPage: perPage}
	err = c.view(func(tx *store.Tx) error {
		for _, b := range tx.R2Buckets(c.account, jurisdiction, after) {
			if !strings.Contains(b.Name, query.Get("name_contains")) {
				continue
			}
			if len(views) == perPage {
				info.Cursor = views[perPage-1].Name
				break
			}
			views = append(views, viewR2Bucket(b))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{result: r2BucketList{Buckets: views}, info: info}, nil
}

type r2BucketFields struct {
	Name         string `json:"name"`
	LocationHint string `json:"locationHint"`
	StorageClass string `json:"storageClass"`
}

// createR2Bucket creates a bucket at the location in the hint. On the real
// platform it is only a hint, and a bucket may be elsewhere.
func (s *Server) createR2Bucket(c *call) (reply, error) {
	var body r2BucketFields
	if err := c.json(&body, errR2Malformed); err != nil {
		return reply{}, err
	}
	jurisdiction, err := c.r2Jurisdiction()
	if err != nil {
		return reply{}, err
	}
	b := store.R2Bucket{
		Jurisdiction: jurisdiction, Name: body.Name, CreationDate: s.now(),
		Location: cmp.Or(body.LocationHint, "enam"), StorageClass: cmp.Or(body.StorageClass, "Standard"),
	}
	switch {
	case !r2Name.MatchString(b.Name):
		return reply{}, fail(http.StatusBadRequest, r2InvalidName, "The specified bucket name is not valid.")
	case !slices.Contains(r2Locations, b.Location):
		return reply{}, fail(http.StatusBadRequest, r2InvalidRequest, "Unknown location %q", b.Location)
	case !slices.Contains(r2StorageClasses, b.StorageClass):
		return reply{}, noStorageClass(b.StorageClass)
	}
	err = c.update(func(tx *store.Tx) error {
		if _, taken := tx.R2Bucket(c.account, jurisdiction, b.Name); taken {
			return fail(http.StatusConflict, r2BucketExists, "The bucket you tried to create already exists, and you own it.")
		}
		tx.PutR2Bucket(c.account, b)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewR2Bucket(b))
}

// noStorageClass refuses storage classes that do not exist.
func noStorageClass(class string) error {
	return fail(http.StatusBadRequest, r2InvalidRequest, "Unknown storage class %q", class)
}

func (s *Server) getR2Bucket(c *call) (reply, error) {
	var view r2BucketView
	err := c.view(func(tx *store.Tx) error {
		b, err := findR2Bucket(c, tx)
		view = viewR2Bucket(b)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// patchR2Bucket changes the storage class of future objects, the only thing
// about a bucket that can be changed here.
func (s *Server) patchR2Bucket(c *call) (reply, error) {
	class := c.r.Header.Get(r2StorageClassHeader)
	if !slices.Contains(r2StorageClasses, class) {
		return reply{}, noStorageClass(class)
	}
	var view r2BucketView
	err := c.update(func(tx *store.Tx) error {
		b, err := findR2Bucket(c, tx)
		if err != nil {
			return err
		}
		b.StorageClass = class
		tx.PutR2Bucket(c.account, b)
		view = viewR2Bucket(b)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteR2Bucket deletes a bucket. The real platform refuses while there are
// objects in it; here there never are any. Bindings to the bucket stay, without
// a target.
func (s *Server) deleteR2Bucket(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		b, err := findR2Bucket(c, tx)
		if err == nil {
			tx.DeleteR2Bucket(c.account, b)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(struct{}{})
}

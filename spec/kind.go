package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// kindColumn is what this package knows of one kind besides its methods.
type kindColumn struct {
	// parent is what a name is unique within, for messages; "" for the account.
	parent string

	// optional says that a name may stand without that, and then has no slash.
	optional bool

	// ofWorker says that there is one at most for each Worker, whose name it has:
	// the Worker is what it is listed by.
	ofWorker bool

	// together says that the resources of all containers are listed together.
	together bool

	// apart says that a section declares the resources of every container, and that
	// they are listed container by container. inZones says that those are zones.
	apart   bool
	inZones bool

	// decode reads the kind's resource from a plan.
	decode func(data []byte) (Resource, error)
}

// kinds is every kind there is. A new kind is a file of its own and a line here.
var kinds = map[Kind]kindColumn{
	KindCronTriggers:      {ofWorker: true, decode: decodeAs[*CronTriggers]},
	KindCustomDomain:      {decode: decodeAs[*CustomDomain]},
	KindCustomHostname:    {parent: "zone", apart: true, inZones: true, decode: decodeAs[*CustomHostname]},
	KindD1Database:        {decode: decodeAs[*D1Database]},
	KindDispatchNamespace: {decode: decodeAs[*DispatchNamespace]},
	KindDNSRecord:         {parent: "zone", apart: true, inZones: true, decode: decodeAs[*DNSRecord]},
	KindKVNamespace:       {decode: decodeAs[*KVNamespace]},
	KindKVPair:            {parent: "title", apart: true, decode: decodeAs[*KVPair]},
	KindQueue:             {decode: decodeAs[*Queue]},
	KindQueueConsumer:     {parent: "queue", together: true, decode: decodeAs[*QueueConsumer]},
	KindR2Bucket:          {parent: "jurisdiction", optional: true, decode: decodeAs[*R2Bucket]},
	KindRoute:             {parent: "zone", decode: decodeAs[*Route]},
	KindUserWorker:        {parent: "namespace", decode: decodeAs[*UserWorker]},
	KindWorker:            {decode: decodeAs[*Worker]},
	KindWorkerSubdomain:   {ofWorker: true, decode: decodeAs[*WorkerSubdomain]},
}

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
	c, known := kinds[kind]
	if !known {
		return nil, fmt.Errorf("unknown kind %q", kind)
	}
	return c.decode(data)
}

func kindNames() []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		names = append(names, string(k))
	}
	return names
}

package account

import (
	"net/http"
	"slices"

	"github.com/cloudflare/cloudflare-go/v4/accounts"
	"github.com/cloudflare/cloudflare-go/v4/d1"
	"github.com/cloudflare/cloudflare-go/v4/kv"
	"github.com/cloudflare/cloudflare-go/v4/option"
	"github.com/cloudflare/cloudflare-go/v4/queues"
	"github.com/cloudflare/cloudflare-go/v4/r2"
	"github.com/cloudflare/cloudflare-go/v4/workers"
	"github.com/cloudflare/cloudflare-go/v4/workers_for_platforms"
	"github.com/cloudflare/cloudflare-go/v4/zones"
)

// services are the parts of cloudflare-go that we use. They are built from the
// sub-packages, because importing the root package of cloudflare-go would
// compile half a million lines for nothing. The price is cloudflare.F: we set
// the Value and Present fields of a parameter instead.
type services struct {
	accounts   *accounts.AccountService
	namespaces *workers_for_platforms.DispatchNamespaceService
	kv         *kv.NamespaceService
	d1         *d1.DatabaseService
	r2         *r2.BucketService
	queues     *queues.QueueService
	consumers  *queues.ConsumerService
	routes     *workers.RouteService
	domains    *workers.DomainService
	schedules  *workers.ScriptScheduleService
	subdomains *workers.ScriptSubdomainService
	zones      *zones.ZoneService
}

// newServices gives the SDK our http client, which authenticates, retries and
// judges responses. The services share one slice of options that is clipped, so
// that an append by one call can never write where another call reads. The base
// URL ends in a slash, because otherwise the option would add one for each
// request, to a URL that concurrent requests share.
func newServices(base string, client *http.Client) services {
	options := slices.Clip([]option.RequestOption{
		option.WithBaseURL(base + "/"),
		option.WithHTTPClient(client),
		option.WithMaxRetries(0),
	})
	return services{
		accounts:   accounts.NewAccountService(options...),
		namespaces: workers_for_platforms.NewDispatchNamespaceService(options...),
		kv:         kv.NewNamespaceService(options...),
		d1:         d1.NewDatabaseService(options...),
		r2:         r2.NewBucketService(options...),
		queues:     queues.NewQueueService(options...),
		consumers:  queues.NewConsumerService(options...),
		routes:     workers.NewRouteService(options...),
		domains:    workers.NewDomainService(options...),
		schedules:  workers.NewScriptScheduleService(options...),
		subdomains: workers.NewScriptSubdomainService(options...),
		zones:      zones.NewZoneService(options...),
	}
}

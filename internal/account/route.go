package account

import (
	"context"
	"fmt"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/workers"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var routeOps = kindOps{
	kind:      spec.KindRoute,
	endpoints: endpoints{path: "workers", missing: workersMissing, exists: workersExists, check: "/routes"},
	list:      listRoutes,
	put:       putRoute,
	delete:    deleteRoute,
}

func listRoutes(ctx context.Context, r *reading, parent string) ([]*spec.Live, error) {
	routes, err := r.account.zoneRoutes(ctx, parent)
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, route := range routes {
		out = append(out, liveRoute(parent, workerRoute{ID: route.ID, Pattern: route.Pattern, Script: route.Script}))
	}
	return out, nil
}

func liveRoute(parent string, route workerRoute) *spec.Live {
	return &spec.Live{
		Resource: &spec.Route{Zone: parent, Pattern: route.Pattern, Worker: route.Script},
		Revision: revisionOfRoute(route.ID, route.Script),
		Detailed: true,
	}
}

// revisionOfRoute uses the Worker as the etag. A route has neither a hash nor a
// time, and only its Worker can change.
func revisionOfRoute(id, worker string) spec.Revision { return spec.Revision{ID: id, ETag: worker} }

// zoneRoutes reads the one page that the endpoint has.
func (a *Account) zoneRoutes(ctx context.Context, parent string) ([]workers.RouteListResponse, error) {
	zone, err := a.zone(ctx, parent)
	if err != nil {
		return nil, err
	}
	var params workers.RouteListParams
	params.ZoneID.Value, params.ZoneID.Present = url.PathEscape(zone.ID), true
	response, err := a.client.sdk.routes.List(ctx, params)
	if err != nil {
		return nil, cloudflare.Plain(err)
	}
	return response.Result, cloudflare.IsList("routes", response.JSON.RawJSON())
}

// putRoute creates a route, or points an existing one to another Worker.
func putRoute(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	route := w.Resource.(*spec.Route)
	zone, err := a.zone(ctx, route.Zone)
	if err != nil {
		return spec.Revision{}, err
	}
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		if w.Prior != nil && w.Prior.ID != "" {
			return a.updateRoute(ctx, zone, route, w.Prior.ID)
		}
		return a.createRoute(ctx, zone, route)
	})
}

func (a *Account) createRoute(ctx context.Context, zone zone, route *spec.Route) (spec.Revision, error) {
	var params workers.RouteNewParams
	params.ZoneID.Value, params.ZoneID.Present = url.PathEscape(zone.ID), true
	params.Pattern.Value, params.Pattern.Present = route.Pattern, true
	params.Script.Value, params.Script.Present = route.Worker, route.Worker != ""
	response, err := a.client.sdk.routes.New(ctx, params)
	if err == nil {
		return routeRevision(route, response.ID, response.Pattern)
	}
	return afterLostResponse(err, func() (spec.Revision, error) { return a.routeByPattern(ctx, route, true) })
}

func (a *Account) updateRoute(ctx context.Context, zone zone, route *spec.Route, id string) (spec.Revision, error) {
	var params workers.RouteUpdateParams
	params.ZoneID.Value, params.ZoneID.Present = url.PathEscape(zone.ID), true
	params.ID.Value, params.ID.Present = id, true
	params.Pattern.Value, params.Pattern.Present = route.Pattern, true
	params.Script.Value, params.Script.Present = route.Worker, route.Worker != ""
	response, err := a.client.sdk.routes.Update(ctx, url.PathEscape(id), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	return routeRevision(route, response.ID, response.Pattern)
}

// routeRevision checks that the response is about the route that was written.
func routeRevision(route *spec.Route, id, pattern string) (spec.Revision, error) {
	if id == "" || pattern != "" && pattern != route.Pattern {
		return spec.Revision{}, fmt.Errorf("the API returned the route %q with the id %q for a write of %q", pattern, id, route.Pattern)
	}
	return revisionOfRoute(id, route.Worker), nil
}

// routeByPattern finds a route. With sameWorker, it must also lead to the right
// Worker.
func (a *Account) routeByPattern(ctx context.Context, route *spec.Route, sameWorker bool) (spec.Revision, error) {
	routes, err := a.zoneRoutes(ctx, route.Zone)
	if err != nil {
		return spec.Revision{}, err
	}
	for _, r := range routes {
		if r.Pattern == route.Pattern && (!sameWorker || r.Script == route.Worker) {
			return revisionOfRoute(r.ID, r.Script), nil
		}
	}
	return spec.Revision{}, errAbsent
}

func deleteRoute(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	zone, err := a.zone(ctx, address.Parent)
	if err != nil {
		return err
	}
	id := prior.ID
	if id == "" {
		found, err := a.routeByPattern(ctx, &spec.Route{Zone: address.Parent, Pattern: address.Name}, false)
		if err != nil {
			return err
		}
		id = found.ID
	}
	var params workers.RouteDeleteParams
	params.ZoneID.Value, params.ZoneID.Present = url.PathEscape(zone.ID), true
	_, err = a.client.sdk.routes.Delete(ctx, url.PathEscape(id), params)
	return cloudflare.Plain(err)
}

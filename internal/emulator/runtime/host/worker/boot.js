// Runs before the code of every Worker that is loaded, in its isolate. A loaded
// Worker can only receive values and stubs. Here the stubs become the bindings
// that the code expects. Handlers, classes and `import { env }` all see the
// result.
import { env } from "cloudflare:workers";
import { setCaches } from "./cache.js";
import { D1Database } from "./d1_database.js";
import { DispatchNamespace } from "./dispatch_namespace.js";
import { DurableObjectNamespace } from "./durable_object.js";
import { listen } from "./handlers.js";
import { KVNamespace } from "./kv_namespace.js";
import { Queue } from "./queue.js";
import { R2Bucket } from "./r2_bucket.js";
import { remote } from "./stub.js";

export { durable } from "./durable_object.js";
export { listeners, look, others, wrap } from "./handlers.js";

const service = (stub) => remote({ fetch: (input, init) => stub.fetch(input, init) }, (method, args) => stub.rpc(null, method, args));

/** Counts within the isolate, as the platform does within a location. */
class RateLimit {
  #seen = new Map();
  constructor(_, { limit, period }) { Object.assign(this, { limit: async ({ key }) => {
    const window = Math.floor(Date.now() / (period * 1000));
    const seen = this.#seen.get(key);
    const count = seen?.window === window ? seen.count + 1 : 1;
    this.#seen.set(key, { window, count });
    return { success: count <= limit };
  } }); }
}

class AnalyticsEngine { writeDataPoint() {} }

/**
 * A binding that does not work here fails when it is used, and not when it is
 * looked at.
 */
const missing = (_, { type, name }) => remote({ fetch: () => absent(type, name) }, () => absent(type, name));
const absent = async (type, name) => { throw new Error(`The binding "${name}" of type ${type} does nothing here: the local account cannot run it.`); };

const make = {
  assets: (stub) => stub,
  analytics_engine: () => new AnalyticsEngine(),
  d1: (stub) => new D1Database(stub),
  dispatch_namespace: (stub, about) => new DispatchNamespace(stub, about),
  durable_object_namespace: (stub) => new DurableObjectNamespace(stub),
  kv_namespace: (stub) => new KVNamespace(stub),
  queue: (stub, about) => new Queue(stub, about),
  r2_bucket: (stub) => new R2Bucket(stub),
  ratelimit: (stub, about) => new RateLimit(stub, about),
  service,
};

/**
 * Hides the origin of requests from a user Worker that is not trusted. Values
 * that the Worker sets itself stay.
 * Source:
 * https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/reference/worker-isolation
 */
function hideOrigin() {
  const { get } = Object.getOwnPropertyDescriptor(Request.prototype, "cf") ?? {};
  if (get) Object.defineProperty(Request.prototype, "cf", { configurable: true, get() {
    const cf = get.call(this);
    return cf?.colo === "LOC" ? undefined : cf;
  } });
}

const { __wfpsync: worker, __wfpsync_cache: cache } = env;
delete env.__wfpsync;
delete env.__wfpsync_cache;
for (const about of worker.bindings) env[about.name] = (make[about.type] ?? missing)(env[about.name], about);
if (cache) setCaches(cache, worker.isolated);
if (worker.isolated) hideOrigin();
if (!worker.asModule) listen(env);

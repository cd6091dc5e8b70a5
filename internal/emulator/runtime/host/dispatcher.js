// This runs in the isolate of the account's dispatcher, before and around its
// own code, if the dispatcher is configured and not loaded. It receives every
// request first. It calls the dispatcher for the dispatcher's requests. User
// Workers that the host has loaded it calls without the host, so that a
// dispatched request takes two hops and not four.
//
// The host decides: what this module knows comes from the host, and is valid
// until the host says that it has changed. It leaves all special cases to the
// host, which loads the dispatcher like any other Worker if it has to.
import { env } from "cloudflare:workers";
import { setDirectCall } from "./dispatch_namespace.js";
import { addPlatformHeaders, cfOf, choose, failure, isCron } from "./incoming.js";

// The dispatcher's code runs after this, and does not see these bindings.
const { __wfpsync_loader: loader, __wfpsync_host: host, __wfpsync_ask: asker, __wfpsync_dispatcher: self } = env;
for (const name of Object.keys(env)) if (name.startsWith("__wfpsync_")) delete env[name];

// The routes to Workers, and the key of each loaded user Worker by
// "namespace/worker": null if it was asked for and may be loaded by now, "" if
// only the host can call it. epoch counts invalidations.
let table;
let keys = new Map();
let epoch = 0;

async function ask(question) {
  const response = await asker.fetch("http://host" + question);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function routes() {
  const asked = epoch;
  const response = await ask("/routes");
  if (epoch === asked) table = response;
  return response;
}

function forget({ all, ids }) {
  epoch++;
  table = undefined;
  if (all) keys = new Map();
  for (const id of ids ?? []) keys.delete(id);
  return new Response();
}

/**
 * Calls a user Worker and returns its response, or undefined if the host has to
 * call it.
 */
async function callDirectly(namespace, name, input, init) {
  const id = namespace + "/" + name;
  let key = keys.get(id);
  if (key === undefined) {
    keys.set(id, null);
  } else if (key === null) {
    const asked = epoch;
    key = await ask(`/key?${new URLSearchParams({ id })}`);
    if (epoch === asked) keys.set(id, key);
  }
  if (!key) return undefined;
  return loader.get(key, () => {
    keys.delete(id);
    throw new Error("wfpsync: the Worker is not loaded any more");
  }).getEntrypoint().fetch(input, init);
}

setDirectCall(callDirectly);

const send = (told) => asker.fetch("http://host/told", { method: "POST", body: JSON.stringify([told]) });

/**
 * Wraps the export of the dispatcher's code. telling is set if nothing else
 * hears its messages.
 */
export function dispatcher(main, telling) {
  const isClass = typeof main === "function";
  const answers = typeof (isClass ? main.prototype : main)?.fetch === "function";
  return {
    async fetch(request, env, ctx) {
      if (ctx.props?.__wfpsync) return forget(await request.json());
      const known = table ?? (await routes());
      const url = new URL(request.url);
      const chosen = choose(known, url);
      const ours = answers && known.dispatcher?.revision === self.revision && chosen.worker === self.worker && !isCron(url);
      if (!ours) return host.fetch(request);
      const arrived = new Request(chosen.url ? new Request(chosen.url, request) : request, { cf: cfOf(known, url) });
      const ray = addPlatformHeaders(arrived.headers);
      const answer = () => (isClass ? new main(ctx, env) : main).fetch(arrived, env, ctx);
      try {
        return await (telling ? telling(ray, answer, send) : answer());
      } catch (error) {
        if (!telling) ctx.waitUntil(Promise.reject(error)); // so that a tail hears it
        return failure(self.worker, error);
      }
    },
  };
}

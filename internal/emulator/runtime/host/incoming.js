// What happens to a request from outside before a Worker gets it. Both the host
// and the configured dispatcher import this module.

/** The header in which a client may choose the CF-Ray of its request. */
const RAY = "x-wfpsync-ray";

/** Returns the CF-Ray in a header's value, or undefined if it is not valid. */
const asked = (value) => (/^[0-9a-f]{16}-LOC$/.test(value) ? value : undefined);

/**
 * Returns the CF-Ray of a request from its headers, before or after
 * addPlatformHeaders.
 */
export const rayOf = (headers) => asked(headers?.[RAY]) ?? headers?.["cf-ray"];

/**
 * Adds the headers that the platform adds, and returns the CF-Ray. The headers
 * must be mutable.
 */
export function addPlatformHeaders(headers) {
  const ray = asked(headers.get(RAY)) ?? crypto.randomUUID().replaceAll("-", "").slice(0, 16) + "-LOC";
  headers.set("CF-Connecting-IP", "127.0.0.1");
  headers.set("CF-Ray", ray);
  headers.delete(RAY);
  return ray;
}

/** Returns what the platform says about the origin of a request. */
export const cfOf = (table, url) => ({ colo: "LOC", ...ofHost(table, url.hostname) });

/**
 * Returns what the platform says about a custom hostname.
 * Source:
 * https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/domain-support/custom-metadata/
 */
function ofHost({ hostnames }, host) {
  const name = [host, host.replace(/\.localhost$/, "")].find((name) => Object.hasOwn(hostnames, name));
  return name && { hostMetadata: hostnames[name] };
}

/** Returns the response in place of a Worker that threw. */
export function failure(worker, error) {
  return new Response(`The Worker "${worker}" failed.\n\nUncaught ${error}\n`, { status: 500 });
}

/** Returns a stack without the frames of our own code. */
export function withoutOurFrames(stack) {
  return stack?.split("\n").filter((line) => !/\(__wfpsync[^:]*:/.test(line)).join("\n");
}

/** Reports whether a request asks to run a cron trigger. */
export const isCron = (url) => url.pathname === "/cdn-cgi/handler/scheduled";

/**
 * Routes are sorted: the first that matches counts. A custom domain is an
 * origin, and is used if no route leads to a Worker before it. Both also match
 * below .localhost, which browsers find on this machine.
 * Source:
 * https://developers.cloudflare.com/workers/configuration/routing/custom-domains/#interaction-with-routes
 */
export function choose({ routes, domains, workers, default: otherwise }, url) {
  const first = (list, host) => list.find((r) => matches(r.host, host, "endsWith") && matches(r.path, url.pathname, "startsWith"));
  const match = (host) => {
    const route = first(routes, host);
    return route?.worker ? route : first(domains, host) ?? route;
  };
  let route = match(url.hostname);
  let rewritten;
  if (!route && url.hostname.endsWith(".localhost")) {
    const host = url.hostname.slice(0, -".localhost".length);
    route = match(host);
    if (route) {
      rewritten = new URL(url);
      rewritten.host = host;
      rewritten.port = "";
    } else if (workers.includes(host)) {
      return { worker: host };
    }
  }
  if (route && !route.worker) return { explanation: `The route ${route.pattern} leads past all Workers, to a server that is not here.\n` };
  if (route) return { worker: route.worker, url: rewritten?.href };
  if (otherwise) return { worker: otherwise };
  if (workers.length === 0) return { explanation: "The local account has no Worker yet that could answer.\n" };
  return {
    explanation: `No route matches ${url.hostname}${url.pathname}. Send the Host header of one of these routes, or use the name of a Worker:\n` +
      [...routes, ...domains].map((r) => `  ${r.pattern}\n`).join("") + workers.map((w) => `  ${url.port ? `http://${w}.localhost:${url.port}/` : `${w}.localhost`}\n`).join(""),
  };
}

/**
 * Matches {text, open}: the text itself or, if open, what ends or begins with
 * it.
 */
function matches(pattern, value, how) {
  return pattern.open ? value[how](pattern.text) : value === pattern.text;
}

// What several kinds of bindings share.

/** Returns an object whose unknown methods are remote procedure calls. */
export function remote(own, rpc) {
  return new Proxy(own, {
    get(target, method) {
      if (method in target || typeof method === "symbol" || method === "then") return target[method];
      return (...args) => rpc(method, args);
    },
  });
}

/** Returns the init of a request with one more header. */
export function withHeader(input, init, name, value) {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.set(name, value);
  return { ...init, headers };
}

/**
 * Sends a request to a store of the account. Errors of the account become the
 * binding's.
 */
export async function ask(stub, what, query, init) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) search.set(name, value);
  const response = await stub.fetch("http://store/?" + search, init);
  if (response.ok || response.status === 404 || response.status === 412) return response;
  throw new Error(`${what} failed: ${response.status} ${(await response.text()).trim()}`);
}

export const isStream = (value) => value instanceof ReadableStream;
export const body = async (value) => (isStream(value) ? new Response(value).arrayBuffer() : value);

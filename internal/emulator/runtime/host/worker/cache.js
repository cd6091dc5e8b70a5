/**
 * The Cache API, stored in the account, because workerd has none for loaded
 * Workers.
 */
class Cache {
  #stub;
  #name;
  constructor(stub, name) { this.#stub = stub; this.#name = name; }
  async #ask(method, request, init) {
    if (this.#name === undefined) throw new Error("caches.default is not there for user Workers of a dispatch namespace, unless it is trusted. Use caches.open(name).");
    const url = request.url.split("#", 1)[0];
    return this.#stub.fetch("http://cache/?" + new URLSearchParams({ name: this.#name, url }), { method, ...init });
  }
  async match(input, options) {
    const request = new Request(input);
    if (request.method !== "GET" && !options?.ignoreMethod) return undefined;
    const headers = new Headers();
    for (const name of ["if-none-match", "if-modified-since", "range"]) if (request.headers.has(name)) headers.set(name, request.headers.get(name));
    const response = await this.#ask("GET", request, { headers });
    const head = response.headers.get("x-response");
    if (head === null) return void await response.body?.cancel();
    const { status, headers: fields } = JSON.parse(decodeURIComponent(head));
    return new Response([101, 204, 205, 304].includes(status) ? null : response.body, { status, headers: fields });
  }
  async put(input, response) {
    const request = new Request(input);
    if (request.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
    if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
    if (response.headers.get("vary")?.split(",").some((name) => name.trim() === "*")) throw new TypeError("Cannot cache response with 'Vary: *' header.");
    const head = encodeURIComponent(JSON.stringify({ status: response.status, headers: [...response.headers] }));
    const kept = await this.#ask("PUT", request, { body: await response.arrayBuffer(), headers: { "x-response": head } });
    if (!kept.ok) throw new Error(`Cache put failed: ${kept.status} ${await kept.text()}`);
    await kept.body?.cancel();
  }
  async delete(input, options) {
    const request = new Request(input);
    if (request.method !== "GET" && !options?.ignoreMethod) return false;
    const response = await this.#ask("DELETE", request);
    await response.body?.cancel();
    return response.ok;
  }
}

/**
 * Sets the global caches of a Worker. A user Worker that is not trusted shares
 * its cache with no other.
 * Source:
 * https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/reference/worker-isolation
 */
export function setCaches(stub, isolated) {
  const caches = { default: new Cache(stub, isolated ? undefined : ""), open: async (name) => new Cache(stub, "open:" + name) };
  Object.defineProperty(globalThis, "caches", { value: caches, configurable: true, writable: true });
}

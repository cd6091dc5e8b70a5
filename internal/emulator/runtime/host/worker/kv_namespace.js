import { ask, body, isStream } from "./stub.js";

async function read(response, type) {
  switch (type ?? "text") {
    case "text": return response.text();
    case "json": return response.json();
    case "arrayBuffer": return response.arrayBuffer();
    case "stream": return response.body;
  }
  throw new TypeError(`Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".`);
}

const typeOf = (options) => (typeof options === "string" ? options : options?.type);

export class KVNamespace {
  #stub;
  constructor(stub) { this.#stub = stub; }
  async get(key, options) {
    if (Array.isArray(key)) return this.#many(key, async (k) => [k, await this.get(k, options)]);
    return (await this.getWithMetadata(key, options)).value;
  }
  async getWithMetadata(key, options) {
    if (Array.isArray(key)) return this.#many(key, async (k) => [k, await this.getWithMetadata(k, options)]);
    const response = await ask(this.#stub, "KV GET", { key });
    if (response.status === 404) return { value: null, metadata: null, cacheStatus: null };
    const metadata = JSON.parse(decodeURIComponent(response.headers.get("x-metadata") ?? "null"));
    return { value: await read(response, typeOf(options)), metadata, cacheStatus: null };
  }
  async #many(keys, get) {
    if (keys.length > 100) throw new Error("KV GET_BULK failed: 400 You can request a maximum of 100 keys");
    const found = new Map(await Promise.all(keys.map(get)));
    for (const [key, value] of found) if (value?.value === null && "cacheStatus" in value) found.set(key, null);
    return found;
  }
  async put(key, value, options = {}) {
    if (typeof value !== "string" && !isStream(value) && !(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value)) {
      throw new TypeError("KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.");
    }
    const { expiration, expirationTtl, metadata } = options;
    await ask(this.#stub, "KV PUT", { key, expiration, expiration_ttl: expirationTtl }, {
      method: "PUT", body: await body(value),
      headers: metadata === undefined || metadata === null ? {} : { "x-metadata": encodeURIComponent(JSON.stringify(metadata)) },
    });
  }
  async delete(key) {
    await ask(this.#stub, "KV DELETE", { key }, { method: "DELETE" });
  }
  async list(options = {}) {
    const { prefix, limit, cursor } = options ?? {};
    return (await ask(this.#stub, "KV LIST", { prefix, limit, cursor }, { method: "POST" })).json();
  }
}

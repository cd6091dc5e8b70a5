// Runs before the code of every Worker that is loaded, in its isolate. A loaded Worker can only be given values and
// stubs; here stubs become the bindings that code expects. The edit is seen by handlers, classes and `import { env }`.
import { env } from "cloudflare:workers";

const { __wfpsync: wrap_, __wfpsync_cache: cache_ } = env;
delete env.__wfpsync;
delete env.__wfpsync_cache;

/** An object whose unknown methods are remote procedure calls. */
function remote(own, rpc) {
  return new Proxy(own, {
    get(target, method) {
      if (method in target || typeof method === "symbol" || method === "then") return target[method];
      return (...args) => rpc(method, args);
    },
  });
}

/** The init of a request that has one more header than it would have. */
function withHeader(input, init, name, value) {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.set(name, value);
  return { ...init, headers };
}

/** How the front calls a user Worker past the host, see front.js. Other Workers have no such way. */
let pass;
export const passBy = (way) => { pass = way; };

class DispatchNamespace {
  #stub;
  #direct; // the namespace's id, where a call may go past the host
  constructor(stub, about) { this.#stub = stub; this.#direct = about.direct; }
  /** Never fails: that a Worker does not exist is only noticed by the first call. */
  get(name, _args, options) {
    const stub = this.#stub, direct = this.#direct;
    const to = { name: String(name), outbound: options?.outbound };
    const byHost = (input, init) => stub.fetch(input, withHeader(input, init, "x-wfpsync-dispatch", encodeURIComponent(JSON.stringify(to))));
    return remote({
      fetch: pass && direct ? async (input, init) => (await pass(direct, to.name, input, init)) ?? byHost(input, init) : byHost,
    }, (method, args) => stub.rpc(to, method, args));
  }
}

const service = (stub) => remote({ fetch: (input, init) => stub.fetch(input, init) }, (method, args) => stub.rpc(null, method, args));

/** Asks a store of the account; errors of the account are the binding's. */
async function ask(stub, what, query, init) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) search.set(name, value);
  const response = await stub.fetch("http://store/?" + search, init);
  if (response.ok || response.status === 404 || response.status === 412) return response;
  throw new Error(`${what} failed: ${response.status} ${(await response.text()).trim()}`);
}

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
const isStream = (value) => value instanceof ReadableStream;
const body = async (value) => (isStream(value) ? new Response(value).arrayBuffer() : value);

class KVNamespace {
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

const toHex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)).buffer;

const hashes = { md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/** The checksum that a put asks for, by algorithm, which the value must have. */
async function checked(value, options) {
  const asked = Object.keys(hashes).filter((name) => options[name] !== undefined);
  if (asked.length > 1) throw new TypeError("You cannot specify multiple hashing algorithms.");
  const checksums = {};
  for (const name of asked) {
    const given = typeof options[name] === "string" ? options[name].toLowerCase() : toHex(options[name].buffer ?? options[name]);
    const actual = toHex(await crypto.subtle.digest(hashes[name], await new Response(value).arrayBuffer()));
    if (given !== actual) {
      throw new Error(`put: The ${hashes[name]} checksum you specified did not match what we received.\n` +
        `You provided a ${hashes[name]} checksum with value: ${given}\nActual ${hashes[name]} was: ${actual} (10037)`);
    }
    checksums[name] = actual;
  }
  return checksums;
}

class R2Checksums {
  #hex;
  constructor(hex) {
    this.#hex = hex;
    for (const [name, value] of Object.entries(hex)) this[name] = fromHex(value);
  }
  toJSON() { return { ...this.#hex }; }
}

class R2Object {
  constructor({ checksums, ...about }) {
    const md5 = /^[0-9a-f]{32}$/.test(about.etag) ? { md5: about.etag } : {};
    Object.assign(this, about, { uploaded: new Date(about.uploaded), httpEtag: `"${about.etag}"`, checksums: new R2Checksums({ ...md5, ...checksums }) });
    if (this.httpMetadata.cacheExpiry) this.httpMetadata.cacheExpiry = new Date(this.httpMetadata.cacheExpiry);
  }
  writeHttpMetadata(headers) {
    const names = { contentType: "content-type", contentLanguage: "content-language", contentDisposition: "content-disposition", contentEncoding: "content-encoding", cacheControl: "cache-control" };
    for (const [field, name] of Object.entries(names)) if (this.httpMetadata[field]) headers.set(name, this.httpMetadata[field]);
    if (this.httpMetadata.cacheExpiry) headers.set("expires", this.httpMetadata.cacheExpiry.toUTCString());
  }
}

class R2ObjectBody extends R2Object {
  #response;
  constructor(about, response) { super(about); this.#response = response; }
  get body() { return this.#response.body; }
  get bodyUsed() { return this.#response.bodyUsed; }
  arrayBuffer() { return this.#response.arrayBuffer(); }
  bytes() { return this.#response.bytes(); }
  text() { return this.#response.text(); }
  json() { return this.#response.json(); }
  blob() { return this.#response.blob(); }
}

const httpMetadata = (given) => {
  if (!(given instanceof Headers)) return given ?? {};
  const field = (name) => given.get(name) ?? undefined;
  return {
    contentType: field("content-type"), contentLanguage: field("content-language"), contentDisposition: field("content-disposition"),
    contentEncoding: field("content-encoding"), cacheControl: field("cache-control"),
  };
};

/** Whether a condition of R2 holds for what is there. */
function holds(condition, object) {
  if (!condition) return true;
  if (condition instanceof Headers) {
    const time = (name) => (condition.has(name) ? new Date(condition.get(name)) : undefined);
    condition = {
      etagMatches: condition.get("if-match") ?? undefined, etagDoesNotMatch: condition.get("if-none-match") ?? undefined,
      uploadedBefore: time("if-unmodified-since"), uploadedAfter: time("if-modified-since"),
    };
  }
  const same = (list) => [list].flat().some((etag) => etag === "*" ? !!object : object?.etag === String(etag).replace(/^W\/|"/g, ""));
  if (condition.etagMatches !== undefined && !same(condition.etagMatches)) return false;
  if (condition.etagDoesNotMatch !== undefined && same(condition.etagDoesNotMatch)) return false;
  if (condition.uploadedBefore && !(object && object.uploaded < condition.uploadedBefore)) return false;
  if (condition.uploadedAfter && !(object && object.uploaded > condition.uploadedAfter)) return false;
  return true;
}

class R2Bucket {
  #stub;
  constructor(stub) { this.#stub = stub; }
  async #about(response) { return response.status === 404 ? null : JSON.parse(decodeURIComponent(response.headers.get("x-object"))); }
  async head(key) {
    const about = await this.#about(await ask(this.#stub, "head", { key }, { method: "HEAD" }));
    return about && new R2Object(about);
  }
  async get(key, options = {}) {
    const headers = {};
    const { range } = options;
    if (range instanceof Headers) {
      if (range.has("range")) headers.range = range.get("range");
    } else if (range) {
      const { offset, length, suffix } = range;
      headers.range = suffix !== undefined ? `bytes=-${suffix}` : `bytes=${offset ?? 0}-${length === undefined ? "" : (offset ?? 0) + length - 1}`;
    }
    const response = await ask(this.#stub, "get", { key }, { headers });
    const about = await this.#about(response);
    if (!about) return null;
    if (!holds(options.onlyIf, new R2Object(about))) {
      await response.body?.cancel();
      return new R2Object(about);
    }
    const part = /^bytes (\d+)-(\d+)\//.exec(response.headers.get("content-range") ?? "");
    about.range = part ? { offset: +part[1], length: part[2] - part[1] + 1 } : { offset: 0, length: about.size };
    return new R2ObjectBody(about, response);
  }
  async put(key, value, options = {}) {
    if (options.onlyIf && !holds(options.onlyIf, await this.head(key))) return null;
    const content = value === null ? "" : await body(value);
    const about = {
      httpMetadata: httpMetadata(options.httpMetadata), customMetadata: options.customMetadata ?? {}, storageClass: options.storageClass ?? "Standard",
      checksums: await checked(content, options),
    };
    const response = await ask(this.#stub, "put", { key }, {
      method: "PUT", body: content, headers: { "x-object": encodeURIComponent(JSON.stringify(about)) },
    });
    return new R2Object(await this.#about(response));
  }
  async delete(keys) {
    for (const key of [keys].flat()) await ask(this.#stub, "delete", { key }, { method: "DELETE" });
  }
  async list(options = {}) {
    const { prefix, limit, cursor, delimiter, startAfter } = options;
    const found = await (await ask(this.#stub, "list", { prefix, limit, cursor, delimiter, start_after: startAfter }, { method: "POST" })).json();
    return { ...found, objects: found.objects.map((about) => new R2Object(about)) };
  }
  async createMultipartUpload(key, options = {}) {
    const about = { httpMetadata: httpMetadata(options.httpMetadata), customMetadata: options.customMetadata ?? {}, storageClass: options.storageClass ?? "Standard" };
    const response = await ask(this.#stub, "createMultipartUpload", { key, uploads: true }, { method: "POST", headers: { "x-object": encodeURIComponent(JSON.stringify(about)) } });
    const { uploadId } = await response.json();
    return this.resumeMultipartUpload(key, uploadId);
  }
  /** Does not look whether there is such an upload; its calls do. */
  resumeMultipartUpload(key, uploadId) {
    const stub = this.#stub, about = (response) => this.#about(response);
    return {
      key, uploadId,
      async uploadPart(part, value) {
        return (await ask(stub, "uploadPart", { key, upload: uploadId, part }, { method: "PUT", body: value === null ? "" : await body(value) })).json();
      },
      async complete(parts) {
        const list = JSON.stringify(parts.map(({ partNumber, etag }) => ({ partNumber, etag })));
        return new R2Object(await about(await ask(stub, "completeMultipartUpload", { key, upload: uploadId }, { method: "POST", body: list })));
      },
      async abort() {
        await ask(stub, "abortMultipartUpload", { key, upload: uploadId }, { method: "DELETE" });
      },
    };
  }
}

class D1Statement {
  constructor(database, text, values = []) { Object.assign(this, { database, text, values }); }
  bind(...values) {
    return new D1Statement(this.database, this.text, values.map((value) => {
      if (typeof value === "boolean") return value ? 1 : 0;
      if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
      if (Array.isArray(value)) return new Uint8Array(value).buffer;
      if (value === null || ["string", "number"].includes(typeof value) || value instanceof ArrayBuffer) return value;
      throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported for value '${value}'`);
    }));
  }
  async all() { return (await this.database.run([this]))[0]; }
  async run() { return this.all(); }
  async first(column) {
    const [row] = (await this.all()).results;
    if (row === undefined) return null;
    if (column === undefined) return row;
    if (!(column in row)) throw new Error(`D1_COLUMN_NOTFOUND: Column not found (${column})`);
    return row[column];
  }
  async raw(options) {
    const [{ columns, rows }] = await this.database.ask([this]);
    return options?.columnNames ? [columns, ...rows] : rows;
  }
}

class D1Database {
  #stub;
  constructor(stub) { this.#stub = stub; }
  prepare(text) { return new D1Statement({ run: (s) => this.batch(s), ask: (s) => this.#ask(s) }, text); }
  async #ask(statements) {
    try {
      return await this.#stub.run(statements.map(({ text, values }) => ({ text, values })));
    } catch (error) {
      throw new Error("D1_ERROR: " + error.message, { cause: error });
    }
  }
  async batch(statements) {
    const started = Date.now();
    return (await this.#ask(statements)).map(({ columns, rows, read, written, changes, id, size }) => ({
      success: true,
      results: rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, value(row[i])]))),
      meta: {
        served_by: "local", duration: Date.now() - started, changes, last_row_id: id, changed_db: changes > 0,
        size_after: size, rows_read: read, rows_written: written,
      },
    }));
  }
  async exec(text) {
    const started = Date.now();
    await this.#ask([{ text, values: [] }]);
    return { count: text.split(";").filter((part) => part.trim()).length, duration: Date.now() - started };
  }
  withSession() { return Object.assign(Object.create(this), { prepare: this.prepare.bind(this), batch: this.batch.bind(this), getBookmark: () => null }); }
}

const value = (cell) => (cell instanceof ArrayBuffer ? [...new Uint8Array(cell)] : cell);

/** The Cache API, as the account keeps it: workerd has none for what is loaded. */
class Cache {
  #name;
  constructor(name) { this.#name = name; }
  async #ask(method, request, init) {
    if (this.#name === undefined) throw new Error("caches.default is not there for user Workers of a dispatch namespace, unless it is trusted. Use caches.open(name).");
    const url = request.url.split("#", 1)[0];
    return cache_.fetch("http://cache/?" + new URLSearchParams({ name: this.#name, url }), { method, ...init });
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

// A user Worker that is not trusted has a cache of its own only, and is not told where its requests come from.
// Source: https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/reference/worker-isolation
if (cache_) {
  const caches = { default: new Cache(wrap_.isolated ? undefined : ""), open: async (name) => new Cache("open:" + name) };
  Object.defineProperty(globalThis, "caches", { value: caches, configurable: true, writable: true });
}
if (wrap_.isolated) {
  const { get } = Object.getOwnPropertyDescriptor(Request.prototype, "cf") ?? {};
  if (get) Object.defineProperty(Request.prototype, "cf", { configurable: true, get() {
    const cf = get.call(this);
    return cf?.colo === "LOC" ? undefined : cf; // what the Worker itself has given stays
  } });
}

class Queue {
  #stub;
  #delay;
  constructor(stub, about) { this.#stub = stub; this.#delay = about.delay; }
  async send(body, options = {}) { await this.sendBatch([{ body, ...options }]); }
  async sendBatch(messages, options = {}) {
    const list = [...messages].map(({ body, contentType = "json", delaySeconds = options.delaySeconds ?? this.#delay }) => ({
      contentType, delaySeconds, body: contentType === "bytes" ? btoa(String.fromCharCode(...new Uint8Array(body.buffer ?? body))) : body,
    }));
    const response = await ask(this.#stub, "Queue send", {}, { method: "POST", body: JSON.stringify(list) });
    await response.body?.cancel();
  }
}

/** 256 bits of a text, at once: an id must be known without waiting. */
function digest(text) {
  const words = [];
  for (let seed = 1; seed <= 8; seed++) {
    let hash = Math.imul(seed, 0x9e3779b1);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) ^ (hash >>> 15);
    words.push((hash >>> 0).toString(16).padStart(8, "0"));
  }
  return words.join("");
}

class ObjectId {
  #hex;
  constructor(hex, name) { this.#hex = hex; if (name !== undefined) this.name = name; }
  toString() { return this.#hex; }
  equals(other) { return this.#hex === String(other); }
}

class DurableObjectNamespace {
  #stub;
  constructor(stub) { this.#stub = stub; }
  idFromName(name) { return new ObjectId(digest(String(name)), String(name)); }
  idFromString(hex) {
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    return new ObjectId(hex);
  }
  newUniqueId() { return new ObjectId(crypto.randomUUID().replaceAll("-", "") + crypto.randomUUID().replaceAll("-", "")); }
  getByName(name) { return this.get(this.idFromName(name)); }
  jurisdiction() { return this; }
  get(id) {
    const stub = this.#stub, hex = String(id);
    return remote({
      id, name: id.name,
      fetch: (input, init) => stub.fetch(input, withHeader(input, init, "x-wfpsync-object", hex)),
    }, (method, args) => stub.rpc(hex, method, args));
  }
}

/** Counts within the isolate, as the platform does within a place. */
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

/** A binding that is not here says so when it is used, and not when it is looked at. */
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

for (const about of wrap_.bindings) env[about.name] = (make[about.type] ?? missing)(env[about.name], about);

// The older syntax: bindings are globals, and handlers are listeners.
const listeners_ = {};
if (!wrap_.asModule) {
  Object.assign(globalThis, env);
  globalThis.addEventListener = (type, listener) => { listeners_[type] = listener; };
}

/** The listeners of a script as the handlers of a module. */
export function listeners() {
  const handlers = {};
  if (listeners_.fetch) {
    handlers.fetch = (request, _, ctx) => {
      let answer;
      listeners_.fetch({
        request, type: "fetch", waitUntil: (promise) => ctx.waitUntil(promise), passThroughOnException() {},
        respondWith(response) { answer = Promise.resolve(response); },
      });
      if (!answer) throw new Error("The fetch listener did not call respondWith().");
      return answer;
    };
  }
  if (listeners_.scheduled) {
    handlers.scheduled = (event, _, ctx) => listeners_.scheduled({ scheduledTime: event.scheduledTime, cron: event.cron, type: "scheduled", waitUntil: (p) => ctx.waitUntil(p) });
  }
  return handlers;
}

/** What a Worker that was only started has: its handlers and its classes. */
export function look(user) {
  const main = wrap_.asModule ? user.default : listeners();
  const names = ["email", "fetch", "queue", "scheduled", "tail", "tailStream", "trace"];
  const handlers = main === undefined || main === null ? [] : names.filter((name) => typeof (typeof main === "function" ? main.prototype : main)?.[name] === "function");
  return { handlers, classes: Object.keys(user).filter((name) => name !== "default" && typeof user[name] === "function") };
}

/** In which header a Durable Object is told that its alarm rings. */
const RINGS = "x-wfpsync-alarm";

/**
 * A class of Durable Objects whose alarm is kept by the host, as theirs cannot be. forgets: deleteAll() is for the alarm,
 * too. All of it is by fetch, because classes that are older have nothing else.
 */
export function durable(main, forgets) {
  if (typeof main !== "function") return main ?? {}; // workerd says what it thinks of that
  return class extends main {
    constructor(ctx, env) {
      const { alarm } = ctx.props.__wfpsync;
      let self;
      const ask = async (method, body) => (await alarm.fetch("http://alarm/", { method, body })).json();
      const own = {
        getAlarm: { value: () => ask("GET") },
        setAlarm: { value: async (time) => {
          if (self && typeof self.alarm !== "function") throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
          await ask("PUT", String(+time));
        } },
        deleteAlarm: { value: () => ask("DELETE") },
      };
      const { storage } = ctx;
      const { transaction, deleteAll } = storage;
      Object.defineProperties(storage, {
        ...own,
        transaction: { value: (use) => transaction.call(storage, (some) => use(Object.defineProperties(some, own))) },
        deleteAll: { value: async (options) => {
          if (forgets) await ask("DELETE");
          await deleteAll.call(storage, options);
        } },
      });
      super(ctx, env);
      self = this;
    }
    async fetch(request) {
      const info = request.headers.get(RINGS);
      if (info === null && typeof super.fetch !== "function") throw new Error("Handler does not export a fetch() function.");
      if (info === null) return super.fetch(request);
      await this.alarm(JSON.parse(info));
      return new Response();
    }
  };
}

/**
 * The default export of a Worker that has an outbound Worker, or is one. What differs from call to call comes in props:
 * the outbound stub, through which fetch leaves, and the parameters, which are added to env.
 */
export function wrap(main, AsyncLocalStorage) {
  if (!AsyncLocalStorage || main === undefined || main === null) return main;
  const ours = (ctx) => ctx.props?.__wfpsync ?? {};
  const storage = new AsyncLocalStorage();
  const native = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const outbound = storage.getStore();
    return outbound ? outbound.fetch(input, init) : native(input, init);
  };
  const withParams = (env, ctx) => (ours(ctx).params ? { ...env, ...ours(ctx).params } : env);
  if (typeof main === "function") {
    return class extends main {
      constructor(ctx, env) { super(ctx, withParams(env, ctx)); }
      fetch(request) { return storage.run(ours(this.ctx).outbound, () => super.fetch(request)); }
    };
  }
  return Object.assign(Object.create(main), {
    fetch: (request, env, ctx) => storage.run(ours(ctx).outbound, () => main.fetch(request, withParams(env, ctx), ctx)),
  });
}

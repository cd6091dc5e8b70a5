import { remote, withHeader } from "./stub.js";

/**
 * Returns 256 bits of a text, synchronously, because an id must be known
 * without waiting.
 */
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

export class DurableObjectNamespace {
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

/** The header that tells a Durable Object that its alarm rings. */
const RINGS = "x-wfpsync-alarm";

/**
 * Wraps a class of Durable Objects. The host keeps its alarm, because its own
 * storage cannot. forgets says that deleteAll() deletes the alarm, too.
 * Everything goes through fetch, because older classes have nothing else.
 */
export function durable(main, forgets) {
  if (typeof main !== "function") return main ?? {}; // workerd reports what is wrong with it
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

// Sends what the configured dispatcher prints and throws. A tail would do that,
// too, but costs half a hop for every request, and few print anything.
// dispatcher.go lists what only a tail hears.
import { AsyncLocalStorage } from "node:async_hooks";
import { waitUntil } from "cloudflare:workers";
import { withoutOurFrames } from "./incoming.js";

/**
 * How much a request may print, in UTF-16 code units. It is the limit of a
 * tail.
 */
const LIMIT = 256 << 10;

const current = new AsyncLocalStorage();

/**
 * The messages of one request. They are sent soon, while the request continues.
 */
class Said {
  #ray;
  #send;
  #size = 0;
  #logs = [];
  #exceptions = [];
  #telling = false;
  constructor(ray, send) {
    this.#ray = ray;
    this.#send = send;
  }
  print(level, text) {
    if (this.#size > LIMIT) return;
    this.#size += text.length;
    const entry = this.#size <= LIMIT ? { level, text } : { level: "warn", text: "This request has printed more than 256 kB: the rest is not shown, as in a tail." };
    this.#logs.push({ ...entry, time: Date.now() });
    this.#tell();
  }
  throw(error) {
    const isError = error instanceof Error;
    const name = isError ? String(error.name) : "Error";
    const message = (isError ? String(error.message) : describe(error)).slice(0, LIMIT);
    const stack = isError ? withoutOurFrames(error.stack?.split("\n").filter((line) => /^ +at /.test(line)).join("\n")) : "";
    this.#exceptions.push({ name, message, stack, time: Date.now() });
    this.#tell();
  }
  #tell() {
    if (this.#telling) return;
    this.#telling = true;
    waitUntil(this.#rest());
  }
  async #rest() {
    await scheduler.wait(1); // there may be more
    while (this.#logs.length || this.#exceptions.length) {
      const told = { ray: this.#ray, logs: this.#logs, exceptions: this.#exceptions };
      this.#logs = [];
      this.#exceptions = [];
      await this.#send(told).catch(() => {}); // on an error, the account has gone
    }
    this.#telling = false;
  }
}

for (const level of ["debug", "log", "info", "warn", "error"]) {
  console[level] = { [level](...values) { current.getStore()?.print(level, values.map(show).join(" ")); } }[level];
}

/**
 * Runs answer for the request of a CF-Ray, and sends everything that it prints
 * or throws.
 */
export async function telling(ray, answer, send) {
  const said = new Said(ray, send);
  try {
    return await current.run(said, answer);
  } catch (error) {
    said.throw(error);
    throw error;
  }
}

/**
 * Formats a value as a tail does: plain data in JSON, anything else as its own
 * text.
 */
function show(value) {
  if (typeof value === "string") return value;
  try {
    if (!isPlain(value)) return `${value}`;
    const json = JSON.stringify(value) ?? "null";
    return json.startsWith(`"`) ? JSON.parse(json) : json;
  } catch {
    return "{}";
  }
}

function isPlain(value) {
  if (value === null || ["undefined", "number", "boolean"].includes(typeof value) || Array.isArray(value)) return true;
  if (typeof value !== "object") return false;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value)) || typeof value.toJSON === "function";
}

/** Describes a thrown value that is not an error, in V8's words. */
const describe = (thrown) => (typeof thrown === "object" && thrown ? `#<${thrown.constructor?.name ?? "Object"}>` : String(thrown));

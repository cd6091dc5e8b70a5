// The host: the Worker that is configured. It loads every other one when it is
// first needed, and keeps it until the account says that it has changed. It
// runs only our code; what it loads runs in separate isolates.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { addPlatformHeaders, cfOf, choose, failure, isCron, rayOf, withoutOurFrames } from "./incoming.js";

/**
 * Our modules in the isolates of Workers have their own folder, and so does the
 * main module.
 */
const FOLDER = "__wfpsync/";
const MAIN = FOLDER + "main.js";

// What the account has said. versions are by "namespace/worker"; the account's
// own Workers have no namespace. epoch counts invalidations: a response that
// was on its way during one is used, but not remembered.
let versions = new Map();
let table;
let epoch = 0;
let generation = 0;
let loads = 0;
let requests = 0; // from outside

// Durable Objects and databases belong to one process at a time. While an
// earlier process runs, it may still have them.
let alone = false;
let keepsObjects = false;

/** Waits until objects belong to this process. */
async function ownObjects(env) {
  while (env.FOLLOWS && !alone) await scheduler.wait(10);
  keepsObjects = true;
}

async function account(env, path) {
  const response = await env.ACCOUNT.fetch("http://account" + path);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`wfpsync: the local account answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Returns the live version of a Worker, or null. */
async function find(env, namespace, name) {
  const id = namespace + "/" + name;
  const known = versions.get(id);
  if (known !== undefined) return known;
  const asked = epoch;
  const code = await account(env, `/load?${new URLSearchParams({ namespace, name })}`);
  const version = code && { id, namespace, name, revision: code.revision, code, generation, assets: code.assets };
  if (epoch === asked) versions.set(id, version);
  return version;
}

/**
 * Returns the loader's key of a version. variant distinguishes isolates of the
 * same code.
 */
const keyOf = (version, variant = "") => `${version.id}@${version.revision}${variant}#${version.generation}`;

/**
 * Returns the isolate of a version, which is made when it is first needed.
 * outbound is the Worker through which its requests leave. object is the class
 * of the Durable Objects that have the isolate to themselves.
 */
function isolate(host, version, { variant = "", outbound, object } = {}) {
  return host.env.LOADER.get(keyOf(version, variant), async () => {
    loads++;
    const { namespace, name } = version;
    const code = version.code ?? (await account(host.env, `/load?${new URLSearchParams({ namespace, name })}`));
    if (!code) throw new Error("wfpsync: the Worker was deleted");
    version.hidden ??= await otherExports(host, code);
    return workerCode(host, code, version, { wrapped: variant !== "" && !object, outbound, object, hidden: version.hidden });
  });
}

/**
 * Returns an entrypoint of a Worker. outbound is {service, params} if its
 * requests leave through another Worker; params are added to the env of such
 * another Worker.
 */
function entrypoint(host, version, { name, props, outbound, params } = {}) {
  const variant = outbound ? "+outbound:" + outbound.service : params ? "+params" : "";
  const worker = isolate(host, version, { variant, outbound });
  const ours = {};
  if (outbound) ours.outbound = host.ctx.exports.Outbound({ props: outbound });
  if (params) ours.params = params;
  return worker.getEntrypoint(name, { props: variant ? { ...props, __wfpsync: ours } : props });
}

/**
 * Calls a Worker. A failed load would fail for ever under its key, so the next
 * call gets a new one. The error that is thrown instead looks like one of the
 * call itself.
 */
async function call(version, use) {
  try {
    return await use();
  } catch (error) {
    const [failed] = /^(Failed to start Worker|wfpsync):\s*/.exec(error?.message) ?? [];
    if (!failed) throw error;
    generation++;
    if (versions.get(version.id) === version) versions.delete(version.id);
    throw new Error(error.message.slice(failed.length));
  } finally {
    version.code = undefined; // it is loaded, or never will be, so the host need not keep it
  }
}

/** Returns a static file of a Worker, or null if its code should respond. */
async function asset(host, { namespace, name }, request, route) {
  const query = new URLSearchParams({ namespace, name, url: request.url, ...(route && { route: "" }) });
  const { method, headers } = request;
  const response = await host.env.ACCOUNT.fetch("http://account/asset?" + query, { method, headers, redirect: "manual" });
  return response.headers.has("x-worker") ? null : response;
}

/**
 * Returns a Worker's response: a static file if it has one at the path, or else
 * that of its code. init changes the request for the code. fetch makes a new
 * request anyway, and making another one before it would cost a third of a hop.
 */
async function respond(host, version, request, options, init) {
  if (version.assets) {
    const file = await asset(host, version, request, true);
    if (file) return file;
  }
  return call(version, () => entrypoint(host, version, options).fetch(request, init));
}

/** Returns a mutable copy of the headers of a request. */
const headersOf = (request) => new Headers(request.headers);

function workerCode(host, code, version, { wrapped, outbound, object, hidden } = {}) {
  const modules = { ...ours(host.env), [MAIN]: { js: mainModule(code, wrapped, object, hidden) } };
  for (const [name, module] of Object.entries(code.modules)) modules[name] = decode(module);
  const env = { ...code.env, __wfpsync: code.wrap };
  for (const { name, entrypoint, props } of code.stubs) env[name] = host.ctx.exports[entrypoint]({ props });
  const flags = [...code.flags];
  if (wrapped && code.hooksFlag) flags.push(code.hooksFlag);
  return {
    compatibilityDate: code.date,
    compatibilityFlags: flags,
    allowExperimental: false,
    mainModule: MAIN,
    modules,
    env,
    globalOutbound: outbound ? host.ctx.exports.Outbound({ props: { ...outbound, params: {} } }) : host.env.INTERNET,
    tails: code.heard ? [host.ctx.exports.Tail({ props: { worker: version.id } })] : [],
  };
}

/** Returns the modules that every Worker has. The host has their texts. */
function ours(env) {
  const texts = Object.entries(env).filter(([name]) => name.endsWith(".js"));
  return Object.fromEntries(texts.map(([name, js]) => [FOLDER + name, { js }]));
}

/**
 * Returns the main module: it imports ours first, then theirs, unchanged so
 * that its line numbers are right.
 */
function mainModule(code, wrapped, object, hidden = []) {
  const user = JSON.stringify("../" + code.main);
  const als = wrapped ? `import { AsyncLocalStorage } from "node:async_hooks";\n` : "";
  const start = `${als}import * as boot from "./boot.js";\n`;
  if (!code.asModule) return `${start}import ${user};\nexport default boot.wrap(boot.listeners(), ${wrapped && "AsyncLocalStorage"});\n`;
  const whole = "user.default ?? {}"; // a Worker may have only classes
  const main = wrapped ? `boot.wrap(${whole}, AsyncLocalStorage)` : whole;
  const nothing = hidden.filter((name) => name !== object).map((name) => `nothing as ${JSON.stringify(name)}`);
  const exported = `${start}import * as user from ${user};\nexport * from ${user};\nconst nothing = {};\nexport { ${nothing.join(", ")} };\n`;
  if (!object) return `${exported}export default ${main};\n`;
  const name = JSON.stringify(object);
  const others = object === "default" ? "" : `export default ${whole};\n`;
  return `${exported}${others}const durable = boot.durable(user[${name}], ${forgetsAlarms(code)});\nexport { durable as ${name} };\n`;
}

/**
 * Returns the names of a module's exports that are neither classes nor
 * handlers, such as constants. workerd would refuse to start the Worker because
 * of them, but the platform does not. So exports of ours hide them. Their names
 * are only known once the module has run: if its text does not settle it, it
 * runs one more time.
 * Source: https://github.com/cloudflare/workers-sdk/issues/10626
 */
async function otherExports(host, code) {
  if (!code.asModule || !maybeOthers.test(code.modules[code.main]?.js)) return [];
  loads++;
  try {
    return await probe(host, code).others();
  } catch {
    return []; // it does not start, which the load reports too
  }
}

const maybeOthers = /\bexport\s*(?:(?:const|let|var)\b|\*|\{(?!\s*(?:[\w$]+\s+as\s+)?default\s*,?\s*\}))/;

/**
 * Starts code without calling it, and without logging, to look at its exports.
 */
function probe(host, code) {
  const loaded = workerCode(host, { ...code, heard: false });
  const user = JSON.stringify("../" + code.main);
  loaded.modules[MAIN] = {
    js: `import * as boot from "./boot.js";\nimport * as user from ${user};\n` +
      `import { WorkerEntrypoint } from "cloudflare:workers";\n` +
      `export class Probe extends WorkerEntrypoint { look() { return boot.look(user); } others() { return boot.others(user); } }\n`,
  };
  return host.env.LOADER.get(null, () => loaded).getEntrypoint("Probe");
}

/**
 * Reports whether deleteAll() of a Durable Object deletes its alarm.
 * Source:
 * https://developers.cloudflare.com/changelog/2026-02-24-deleteall-deletes-alarms
 */
const forgetsAlarms = ({ date, flags }) => flags.includes("delete_all_deletes_alarm") || date >= "2026-02-24" && !flags.includes("delete_all_preserves_alarm");

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;

function decode(module) {
  for (const kind of ["data", "wasm"]) {
    if (module[kind] !== undefined) return { [kind]: bytes(module[kind]) };
  }
  return module;
}

/** Handles requests from outside: the Worker whose route matches responds. */
export default {
  async fetch(request, env, ctx) {
    requests++;
    const host = { env, ctx };
    const url = new URL(request.url);
    const known = table ?? (await routes(env));
    const chosen = choose(known, url);
    if (chosen.explanation) return new Response(chosen.explanation, { status: 404 });
    const version = await find(env, "", chosen.worker);
    if (!version) return new Response(`There is no Worker "${chosen.worker}" any more.\n`, { status: 404 });
    if (isCron(url)) return schedule(host, version, url.searchParams.get("cron") ?? "");
    const headers = headersOf(request);
    addPlatformHeaders(headers);
    try {
      return await respond(host, version, chosen.url ? new Request(chosen.url, request) : request, {}, { headers, cf: cfOf(known, url) });
    } catch (error) {
      return failure(chosen.worker, error);
    }
  },
};

/** Runs a cron trigger now: none runs by itself here. */
async function schedule(host, version, cron) {
  const { outcome } = await call(version, () => entrypoint(host, version).scheduled({ cron, scheduledTime: new Date() }));
  return new Response(outcome + "\n", { status: outcome === "ok" ? 200 : 500 });
}

/**
 * Returns the table of routes, which is kept until the account says that it has
 * changed.
 */
async function routes(env) {
  const asked = epoch;
  const response = await account(env, "/routes");
  if (epoch === asked) table = response;
  return response;
}

/**
 * A dispatch namespace. The name and the outbound parameters come with each
 * call.
 */
export class Dispatch extends WorkerEntrypoint {
  async target({ name, outbound }) {
    const version = await find(this.env, this.ctx.props.namespace, name);
    if (!version) throw new Error("Worker not found.");
    const { service, names } = this.ctx.props.outbound ?? {};
    const params = Object.fromEntries((names ?? []).filter((n) => outbound && n in outbound).map((n) => [n, outbound[n]]));
    return [version, { outbound: service && { service, params } }];
  }
  async fetch(request) {
    const headers = headersOf(request);
    const [version, options] = await this.target(JSON.parse(decodeURIComponent(headers.get("x-wfpsync-dispatch"))));
    headers.delete("x-wfpsync-dispatch");
    return respond(this, version, request, options, { headers });
  }
  async rpc(to, method, args) {
    const [version, options] = await this.target(to);
    return call(version, () => entrypoint(this, version, options)[method](...args));
  }
}

/** Another Worker of the account, or an entrypoint of it. */
export class Service extends WorkerEntrypoint {
  async target() {
    const { service, entrypoint: name, props } = this.ctx.props;
    const version = await find(this.env, "", service);
    if (!version) throw new Error(`The Worker "${service}" of this service binding does not exist.`);
    return [version, { name: name ?? undefined, props: props ?? undefined }];
  }
  async fetch(request) {
    const [version, options] = await this.target();
    return respond(this, version, request, options);
  }
  async rpc(_, method, args) {
    const [version, options] = await this.target();
    return call(version, () => entrypoint(this, version, options)[method](...args));
  }
}

/**
 * Where the requests of user Workers leave if their namespace binding has an
 * outbound Worker.
 */
export class Outbound extends WorkerEntrypoint {
  async fetch(request) {
    const { service, params } = this.ctx.props;
    const version = await find(this.env, "", service);
    if (!version) throw new Error(`The outbound Worker "${service}" does not exist.`);
    return call(version, () => entrypoint(this, version, { params }).fetch(request));
  }
}

/**
 * Access to one store of the account, such as a KV namespace, and to nothing
 * else of it.
 */
export class Store extends WorkerEntrypoint {
  fetch(request) {
    return this.env.ACCOUNT.fetch(new Request("http://account" + this.ctx.props.path + new URL(request.url).search, request));
  }
}

/** The static files of one Worker. */
export class Assets extends WorkerEntrypoint {
  fetch(request) {
    return asset(this, this.ctx.props, request, false);
  }
}

/** A D1 database. */
export class D1 extends WorkerEntrypoint {
  async run(statements) {
    await ownObjects(this.env);
    const namespace = this.ctx.exports.Database;
    return namespace.get(namespace.idFromName(this.ctx.props.id)).run(statements);
  }
}

/**
 * The tables of a D1 database: a Durable Object of ours, because both use
 * SQLite.
 */
export class Database extends DurableObject {
  run(statements) {
    const { sql } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => statements.map(({ text, values }) => {
      const before = sql.exec("SELECT total_changes() AS n").one().n;
      const cursor = sql.exec(text, ...values);
      const rows = [...cursor.raw()];
      const { n, id } = sql.exec("SELECT total_changes() AS n, last_insert_rowid() AS id").one();
      return { columns: cursor.columnNames, rows, read: cursor.rowsRead, written: cursor.rowsWritten, changes: n - before, id, size: sql.databaseSize };
    }));
  }
}

/** The Durable Objects of one class. */
export class ObjectClass extends WorkerEntrypoint {
  object(id) {
    const namespace = this.ctx.exports.Objects;
    return namespace.get(namespace.idFromName(JSON.stringify({ ...this.ctx.props, id })));
  }
  async fetch(request) {
    await ownObjects(this.env);
    const headers = headersOf(request);
    headers.delete("x-wfpsync-object");
    headers.delete("x-wfpsync-alarm");
    return this.object(request.headers.get("x-wfpsync-object")).fetch(request, { headers });
  }
  async rpc(id, method, args) {
    await ownObjects(this.env);
    return this.object(id).rpc(method, args);
  }
}

/**
 * One Durable Object: its class is loaded, and its storage is a facet of ours.
 * A facet cannot have an alarm, so its alarm is ours, with everything that
 * workerd does for alarms.
 */
export class Objects extends DurableObject {
  async facet() {
    const { namespace, worker, class: name, id } = JSON.parse(this.ctx.id.name);
    const version = await find(this.env, namespace, worker);
    if (!version) throw new Error(`The Worker "${worker}" of the Durable Object class "${name}" does not exist.`);
    const revision = version.id + version.revision;
    if (this.revision !== undefined && this.revision !== revision) this.ctx.facets.abort("object", new Error("The Worker of this Durable Object was updated."));
    this.revision = revision;
    const alarm = this.ctx.exports.Alarm({ props: { object: String(this.ctx.id) } });
    return [version, this.ctx.facets.get("object", () => ({
      class: isolate(this, version, { variant: "+object:" + name, object: name }).getDurableObjectClass(name, { props: { __wfpsync: { alarm } } }), id,
    }))];
  }
  async fetch(request) {
    const [version, object] = await this.facet();
    return call(version, () => object.fetch(request));
  }
  async rpc(method, args) {
    const [version, object] = await this.facet();
    return call(version, () => object[method](...args));
  }
  async alarm({ scheduledTime, retryCount, isRetry }) {
    await ownObjects(this.env);
    const headers = { "x-wfpsync-alarm": JSON.stringify({ scheduledTime, retryCount, isRetry }) };
    await this.fetch(new Request("http://alarm/", { headers }));
  }
  setAlarm(time) {
    return this.ctx.storage.setAlarm(time);
  }
  getAlarm() {
    return this.ctx.storage.getAlarm();
  }
  deleteAlarm() {
    return this.ctx.storage.deleteAlarm();
  }
}

/** The alarm of one Durable Object, for its own use. */
export class Alarm extends WorkerEntrypoint {
  async fetch(request) {
    const namespace = this.ctx.exports.Objects;
    const object = namespace.get(namespace.idFromString(this.ctx.props.object));
    switch (request.method) {
      case "PUT":
        await object.setAlarm(Number(await request.text()));
        break;
      case "DELETE":
        await object.deleteAlarm();
        break;
    }
    return Response.json(await object.getAlarm());
  }
}

/** Reports to the account what a Worker printed and threw. */
export class Tail extends WorkerEntrypoint {
  async tail(events) {
    const noisy = events.filter(({ logs, exceptions }) => logs.length || exceptions.length); // most requests print nothing
    if (noisy.length === 0) return;
    const told = noisy.map(({ logs, exceptions, event }) => ({
      ray: rayOf(event?.request?.headers),
      logs: logs.map(({ level, message, timestamp }) => ({ level, time: timestamp, text: message.map(show).join(" ") })),
      exceptions: exceptions.map(({ name, message, stack, timestamp }) => ({ name, message, stack: withoutOurFrames(stack), time: timestamp })),
    }));
    const response = await tell(this.env, this.ctx.props.worker, JSON.stringify(told));
    await response.body?.cancel();
  }
}

/** Sends the messages of a Worker to the account. */
const tell = (env, worker, body) => env.ACCOUNT.fetch("http://account/log?" + new URLSearchParams({ worker }), { method: "POST", body });

function show(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Serves the configured dispatcher. */
export class Questions extends WorkerEntrypoint {
  async fetch(request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/routes":
        return Response.json(table ?? (await routes(this.env)));
      case "/key": {
        const version = versions.get(url.searchParams.get("id"));
        if (version === undefined || version?.code) return Response.json(null); // the next call may load it
        return Response.json(version && !version.assets ? keyOf(version) : "");
      }
      case "/told":
        return tell(this.env, this.ctx.props.worker, request.body);
    }
    return new Response("no such question", { status: 404 });
  }
}

/** Serves the supervisor, on a separate socket. */
export class Control extends WorkerEntrypoint {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case "/ping":
        return Response.json({ loads, requests, keepsObjects });
      case "/alone":
        alone = true;
        return new Response();
      case "/forget": {
        const { all, ids } = await request.json();
        epoch++;
        if (all) versions = new Map();
        for (const id of ids ?? []) versions.delete(id);
        table = undefined;
        await this.env.DISPATCHER?.fetch("http://dispatcher/forget", { method: "POST", body: JSON.stringify({ all, ids }) });
        return new Response();
      }
      case "/d1":
        return Response.json(await this.query(await request.json()));
      case "/queue":
        return Response.json(await this.deliver(await request.json()));
      case "/start":
        return Response.json(await this.start(await request.json()));
    }
    return new Response("no such control", { status: 404 });
  }

  /** Runs a query of a database for a client outside. */
  async query({ id, statements }) {
    await ownObjects(this.env);
    const namespace = this.ctx.exports.Database;
    const cell = (value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value);
    try {
      const results = await namespace.get(namespace.idFromName(id)).run(statements);
      return { results: results.map((result) => ({ ...result, rows: result.rows.map((row) => row.map(cell)) })) };
    } catch (error) {
      return { error: error.message };
    }
  }

  async deliver({ worker, queue, messages }) {
    const version = await find(this.env, "", worker);
    if (!version) throw new Error(`The Worker "${worker}", which consumes the queue ${queue}, does not exist.`);
    const batch = messages.map(({ id, timestamp, attempts, contentType, body }) => ({
      id, attempts, timestamp: new Date(timestamp), body: contentType === "bytes" ? bytes(body) : body,
    }));
    return call(version, () => entrypoint(this, version).queue(queue, batch));
  }

  /**
   * Starts code without calling it, and returns why it does not start, or what
   * it exports.
   */
  async start(code) {
    try {
      return await probe(this, code).look();
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  }
}

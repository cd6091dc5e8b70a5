// The host: the only Worker that is configured. It loads every other one when it is first asked for, and keeps it until
// the account says that it changed. It runs our code only; what it loads runs in isolates of their own.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { cfOf, choose, failure, addPlatformHeaders, isCron, rayOf, withoutOurFrames } from "./incoming.js";

/** Our modules in the isolates of Workers are in a folder of their own, and so is the one that is started. */
const FOLDER = "__wfpsync/";
const MAIN = FOLDER + "main.js";

// What the account has said so far. versions are by "namespace/worker"; the account's own Workers have no namespace.
// epoch counts what made us forget, so that an answer that was on its way meanwhile is used and not remembered.
let versions = new Map();
let table;
let epoch = 0;
let generation = 0;
let loads = 0;
let requests = 0; // from outside

// Durable Objects and databases are one process's at a time. While there is one before this, it may still have them.
let alone = false;
let keepsObjects = false;

/** Waits until objects are this process's. */
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

/** The version of a Worker that is live, or null. */
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

/** Under what the loader has a version. variant tells isolates apart that were made of the same code. */
const keyOf = (version, variant = "") => `${version.id}@${version.revision}${variant}#${version.generation}`;

/**
 * The isolate of a version, made when it is first needed. outbound is the Worker through which its requests leave, and
 * object the class of the Durable Objects that alone are in it.
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
 * An entrypoint of a Worker. outbound is {service, params} when its requests leave through another Worker; params are
 * what such another Worker finds in its env.
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
 * Calls a Worker. A load that failed would fail for ever under its key, so the next call gets another one. What is thrown
 * instead does not look so any more: to whoever called this Worker, it is an error of the call.
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
    version.code = undefined; // it is loaded, or never will be; the host need not keep it
  }
}

/** A static file of a Worker, or null where its code is to answer. */
async function asset(host, { namespace, name }, request, route) {
  const query = new URLSearchParams({ namespace, name, url: request.url, ...(route && { route: "" }) });
  const { method, headers } = request;
  const response = await host.env.ACCOUNT.fetch("http://account/asset?" + query, { method, headers, redirect: "manual" });
  return response.headers.has("x-worker") ? null : response;
}

/**
 * What a Worker answers a request: with a static file if it has one there, or by its code. init is what its code finds
 * otherwise in the request: fetch makes a request of its own anyway, and one more on the way would cost a third of a hop.
 */
async function respond(host, version, request, options, init) {
  if (version.assets) {
    const file = await asset(host, version, request, true);
    if (file) return file;
  }
  return call(version, () => entrypoint(host, version, options).fetch(request, init));
}

/** The headers of a request, to be changed: its own cannot be. */
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

/** The modules that every Worker has: the host has their texts. */
function ours(env) {
  const texts = Object.entries(env).filter(([name]) => name.endsWith(".js"));
  return Object.fromEntries(texts.map(([name, js]) => [FOLDER + name, { js }]));
}

/** The module that is started: ours first, then theirs, which stays as it was uploaded so that its lines are right. */
function mainModule(code, wrapped, object, hidden = []) {
  const user = JSON.stringify("../" + code.main);
  const als = wrapped ? `import { AsyncLocalStorage } from "node:async_hooks";\n` : "";
  const start = `${als}import * as boot from "./boot.js";\n`;
  if (!code.asModule) return `${start}import ${user};\nexport default boot.wrap(boot.listeners(), ${wrapped && "AsyncLocalStorage"});\n`;
  const whole = "user.default ?? {}"; // a Worker may have nothing but classes
  const main = wrapped ? `boot.wrap(${whole}, AsyncLocalStorage)` : whole;
  const nothing = hidden.filter((name) => name !== object).map((name) => `nothing as ${JSON.stringify(name)}`);
  const exported = `${start}import * as user from ${user};\nexport * from ${user};\nconst nothing = {};\nexport { ${nothing.join(", ")} };\n`;
  if (!object) return `${exported}export default ${main};\n`;
  const name = JSON.stringify(object);
  const others = object === "default" ? "" : `export default ${whole};\n`;
  return `${exported}${others}const durable = boot.durable(user[${name}], ${forgetsAlarms(code)});\nexport { durable as ${name} };\n`;
}

/**
 * The names of those exports of a module that are neither classes nor handlers: constants, say. workerd would not start the
 * Worker for them, and the platform does. So they are hidden by exports of ours, whose names are known only when the module
 * has run: where its words leave it open, it runs once more.
 * Source: https://github.com/cloudflare/workers-sdk/issues/10626
 */
async function otherExports(host, code) {
  if (!code.asModule || !maybeOthers.test(code.modules[code.main]?.js)) return [];
  loads++;
  try {
    return await probe(host, code).others();
  } catch {
    return []; // it does not start, which the load says as well
  }
}

const maybeOthers = /\bexport\s*(?:(?:const|let|var)\b|\*|\{(?!\s*(?:[\w$]+\s+as\s+)?default\s*,?\s*\}))/;

/** Starts code that nobody calls, and which is not heard, to look at what it exports. */
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
 * Whether deleteAll() of a Durable Object deletes its alarm.
 * Source: https://developers.cloudflare.com/changelog/2026-02-24-deleteall-deletes-alarms
 */
const forgetsAlarms = ({ date, flags }) => flags.includes("delete_all_deletes_alarm") || date >= "2026-02-24" && !flags.includes("delete_all_preserves_alarm");

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;

function decode(module) {
  for (const kind of ["data", "wasm"]) {
    if (module[kind] !== undefined) return { [kind]: bytes(module[kind]) };
  }
  return module;
}

/** Requests from outside: the Worker whose route matches answers. */
export default {
  async fetch(request, env, ctx) {
    requests++;
    const host = { env, ctx };
    const url = new URL(request.url);
    const ways = table ?? (await routes(env));
    const chosen = choose(ways, url);
    if (chosen.explanation) return new Response(chosen.explanation, { status: 404 });
    const version = await find(env, "", chosen.worker);
    if (!version) return new Response(`There is no Worker "${chosen.worker}" any more.\n`, { status: 404 });
    if (isCron(url)) return schedule(host, version, url.searchParams.get("cron") ?? "");
    const headers = headersOf(request);
    addPlatformHeaders(headers);
    try {
      return await respond(host, version, chosen.url ? new Request(chosen.url, request) : request, {}, { headers, cf: cfOf(ways, url) });
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

/** The table of routes, which is kept until the account says that it changed. */
async function routes(env) {
  const asked = epoch;
  const answer = await account(env, "/routes");
  if (epoch === asked) table = answer;
  return answer;
}

/** A dispatch namespace. The name and the outbound parameters come with each call. */
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

/** Where the requests of user Workers leave when their namespace binding has an outbound Worker. */
export class Outbound extends WorkerEntrypoint {
  async fetch(request) {
    const { service, params } = this.ctx.props;
    const version = await find(this.env, "", service);
    if (!version) throw new Error(`The outbound Worker "${service}" does not exist.`);
    return call(version, () => entrypoint(this, version, { params }).fetch(request));
  }
}

/** A door to one store of the account, a KV namespace for instance, and to nothing else of it. */
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

/** The tables of a D1 database: an object of our own, because they are SQLite as D1's are. */
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
 * One Durable Object: its class is loaded, its storage is a part of ours. A part cannot have an alarm, so its alarm is
 * ours, with everything that workerd does for alarms.
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

/** The alarm of one Durable Object, for itself. */
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

/** Tells the account what a Worker printed and what it threw. */
export class Tail extends WorkerEntrypoint {
  async tail(events) {
    const noisy = events.filter(({ logs, exceptions }) => logs.length || exceptions.length); // few are: look at no more
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

/** Passes on what a Worker said. */
const tell = (env, worker, body) => env.ACCOUNT.fetch("http://account/log?" + new URLSearchParams({ worker }), { method: "POST", body });

function show(value) {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** What the front asks and tells. */
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

/** What the supervisor asks for, on a socket of its own. */
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

  /** Runs what somebody asks of a database from outside. */
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

  /** Starts code that nobody will call, and says why it does not start, or what it exports. */
  async start(code) {
    try {
      return await probe(this, code).look();
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  }
}

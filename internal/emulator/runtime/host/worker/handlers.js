// What a Worker exports, and how it is used.

const listening = {};

/**
 * Prepares for the older syntax: bindings are globals, and handlers are
 * listeners.
 */
export function listen(env) {
  Object.assign(globalThis, env);
  globalThis.addEventListener = (type, listener) => { listening[type] = listener; };
}

/** Returns the listeners of a script as the handlers of a module. */
export function listeners() {
  const handlers = {};
  if (listening.fetch) {
    handlers.fetch = (request, _, ctx) => {
      let answer;
      listening.fetch({
        request, type: "fetch", waitUntil: (promise) => ctx.waitUntil(promise), passThroughOnException() {},
        respondWith(response) { answer = Promise.resolve(response); },
      });
      if (!answer) throw new Error("The fetch listener did not call respondWith().");
      return answer;
    };
  }
  if (listening.scheduled) {
    handlers.scheduled = (event, _, ctx) => listening.scheduled({ scheduledTime: event.scheduledTime, cron: event.cron, type: "scheduled", waitUntil: (p) => ctx.waitUntil(p) });
  }
  return handlers;
}

/**
 * Returns the handlers and classes of a Worker that was started only to look at
 * it.
 */
export function look(user) {
  const main = user.default ?? listeners();
  return { handlers: handlersOf(main), classes: Object.keys(user).filter((name) => name !== "default" && typeof user[name] === "function") };
}

const handlersOf = (main) => names.filter((name) => typeof (typeof main === "function" ? main.prototype : main)?.[name] === "function");
const names = ["email", "fetch", "queue", "scheduled", "tail", "tailStream", "trace"];

/** Returns the names of a Worker's exports that cannot be called. */
export const others = (user) => Object.keys(user).filter((name) => {
  const exported = user[name];
  return name !== "default" && typeof exported !== "function" && handlersOf(exported).length === 0;
});

/**
 * Wraps the default export of a Worker that has an outbound Worker, or is one.
 * props has what differs between calls: the outbound stub, through which fetch
 * leaves, and the parameters, which are added to env.
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

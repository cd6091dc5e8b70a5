import { remote, withHeader } from "./stub.js";

/**
 * Calls a user Worker without the host. Only the configured dispatcher has
 * this, see dispatcher.js.
 */
let callDirectly;
export const setDirectCall = (call) => { callDirectly = call; };

export class DispatchNamespace {
  #stub;
  #direct; // the namespace's id, if a call may bypass the host
  constructor(stub, about) { this.#stub = stub; this.#direct = about.direct; }
  /** Never fails: only the first call notices that a Worker does not exist. */
  get(name, _args, options) {
    const stub = this.#stub, direct = this.#direct;
    const to = { name: String(name), outbound: options?.outbound };
    const byHost = (input, init) => stub.fetch(input, withHeader(input, init, "x-wfpsync-dispatch", encodeURIComponent(JSON.stringify(to))));
    return remote({
      fetch: callDirectly && direct ? async (input, init) => (await callDirectly(direct, to.name, input, init)) ?? byHost(input, init) : byHost,
    }, (method, args) => stub.rpc(to, method, args));
  }
}

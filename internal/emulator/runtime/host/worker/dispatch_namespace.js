import { remote, withHeader } from "./stub.js";

/** How the front calls a user Worker past the host, see front.js. Other Workers have no such way. */
let callDirectly;
export const setDirectCall = (call) => { callDirectly = call; };

export class DispatchNamespace {
  #stub;
  #direct; // the namespace's id, where a call may go past the host
  constructor(stub, about) { this.#stub = stub; this.#direct = about.direct; }
  /** Never fails: that a Worker does not exist is only noticed by the first call. */
  get(name, _args, options) {
    const stub = this.#stub, direct = this.#direct;
    const to = { name: String(name), outbound: options?.outbound };
    const byHost = (input, init) => stub.fetch(input, withHeader(input, init, "x-wfpsync-dispatch", encodeURIComponent(JSON.stringify(to))));
    return remote({
      fetch: callDirectly && direct ? async (input, init) => (await callDirectly(direct, to.name, input, init)) ?? byHost(input, init) : byHost,
    }, (method, args) => stub.rpc(to, method, args));
  }
}

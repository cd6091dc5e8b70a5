interface Env {
  CUSTOMERS: { get(name: string): { fetch(request: Request): Promise<Response> } };
  HOSTNAMES: { get(key: string, options: { cacheTtl: number }): Promise<string | null> };
}

/** Sends each hostname to the user Worker that its row names. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const worker = await env.HOSTNAMES.get(new URL(request.url).hostname, { cacheTtl: 60 });
    if (worker === null) {
      return new Response("There is no customer at this address.\n", { status: 404 });
    }
    return env.CUSTOMERS.get(worker).fetch(request);
  },
};

/** The part of a dispatch namespace binding that this Worker uses. */
interface DispatchNamespace {
  get(name: string): { fetch(request: Request): Promise<Response> };
}

interface Env {
  CUSTOMERS: DispatchNamespace;
}

/** Sends acme.example.com to the user Worker "acme". */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [customer] = new URL(request.url).hostname.split(".");
    try {
      return await env.CUSTOMERS.get(customer).fetch(request);
    } catch (error) {
      // get() succeeds for every name; only the request finds out that there is no such Worker.
      if (error instanceof Error && error.message.startsWith("Worker not found")) {
        return new Response(`There is no customer "${customer}" here.\n`, { status: 404 });
      }
      console.error(`user Worker "${customer}" failed`, error);
      return new Response("This site is not working at the moment.\n", { status: 502 });
    }
  },
};

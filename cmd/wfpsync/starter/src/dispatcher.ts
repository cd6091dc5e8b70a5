// Sends a request to the customer that the first label of its host names.
interface Env {
  CUSTOMERS: { get(name: string): { fetch(request: Request): Promise<Response> } };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const customer = new URL(request.url).hostname.split(".")[0];
    try {
      return await env.CUSTOMERS.get(customer).fetch(request);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Worker not found")) {
        return new Response("Unknown customer.\n", { status: 404 });
      }
      console.error("customer's Worker failed", customer, error);
      return new Response("This site is not working at the moment.\n", { status: 502 });
    }
  },
};

// Sends a request to the shop that the first label of its host names.
interface Env {
  SHOPS: { get(name: string): { fetch(request: Request): Promise<Response> } };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const shop = new URL(request.url).hostname.split(".")[0];
    try {
      return await env.SHOPS.get(shop).fetch(request);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Worker not found")) {
        return new Response("There is no such shop.\n", { status: 404 });
      }
      console.error("shop failed", shop, error);
      return new Response("This shop is not working at the moment.\n", { status: 502 });
    }
  },
};

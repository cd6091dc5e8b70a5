// Sends a request to the shop of its host: a customer's own hostname says which in its metadata, and any other host is
// SHOP.shops.example.com.
interface Env {
  SHOPS: { get(name: string): { fetch(request: Request): Promise<Response> } };
}

interface Metadata {
  user_worker?: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { cf } = request as Request & { cf?: { hostMetadata?: Metadata } };
    const shop = cf?.hostMetadata?.user_worker ?? new URL(request.url).hostname.split(".")[0];
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

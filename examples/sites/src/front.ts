interface Env {
  SITES: { get(name: string): { fetch(request: Request): Promise<Response> } };
}

// The first label of the host is the site: acme.example.com.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [site] = new URL(request.url).hostname.split(".");
    try {
      return await env.SITES.get(site).fetch(request);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Worker not found")) {
        return new Response("There is no such site.\n", { status: 404 });
      }
      throw error;
    }
  },
};

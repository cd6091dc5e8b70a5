interface Env {
  SITE: string;
  ASSETS: { fetch(request: Request): Promise<Response> };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname === "/api/site") {
      return Response.json({ site: env.SITE });
    }
    return env.ASSETS.fetch(request);
  },
};

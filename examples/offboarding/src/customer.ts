interface Env {
  DATA: { get(key: string): Promise<string | null> };
}

export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    return new Response((await env.DATA.get("greeting")) ?? "Hello.");
  },
};

// What every shop runs. Enterprise shops have a catalogue of their own.
interface Env {
  CUSTOMER: string;
  RELEASE: string;
  CATALOG?: { get(key: string): Promise<string | null> };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = new URL(request.url).pathname.slice(1);
    const product = id === "" ? null : await env.CATALOG?.get(id); // KV takes no empty key
    return new Response(product ?? `${env.CUSTOMER}, release ${env.RELEASE}\n`);
  },
};

// What every shop runs. Enterprise shops have a catalogue of their own.
interface Env {
  CUSTOMER: string;
  RELEASE: string;
  CATALOG?: { get(key: string): Promise<string | null> };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const product = await env.CATALOG?.get(pathname.slice(1));
    return new Response(product ?? `${env.CUSTOMER}, release ${env.RELEASE}\n`);
  },
};

// Loads the Worker that a request names with what the test has bundled, and passes the request on.
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;

export default {
  async fetch(request, env) {
    const id = request.headers.get("differential-worker");
    const headers = new Headers(request.headers);
    headers.delete("differential-worker");
    try {
      const worker = env.LOADER.get(id, async () => {
        const code = await (await env.CODE.fetch(`http://code/${id}`)).json();
        for (const module of Object.values(code.modules)) {
          for (const kind of ["data", "wasm"]) if (kind in module) module[kind] = bytes(module[kind]);
        }
        return code;
      });
      return await worker.getEntrypoint().fetch(new Request(request, { headers }));
    } catch (error) {
      return new Response(String(error), { status: 599 });
    }
  },
};

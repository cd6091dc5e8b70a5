export default {
  async fetch(): Promise<Response> {
    return new Response("Hello from Acme, now managed by wfpsync.\n");
  },
};

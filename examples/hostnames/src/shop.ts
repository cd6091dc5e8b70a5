// What every shop runs.
export default {
  fetch(_request: Request, env: { CUSTOMER: string }): Response {
    return new Response(`the shop of ${env.CUSTOMER}\n`);
  },
};

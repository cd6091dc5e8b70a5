/** What sets one tenant apart from another: the json binding CONFIG in wfpsync.yaml. */
interface Config {
  customerId: string;
  features: string[];
}

interface Env {
  CONFIG: Config;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { customerId, features } = env.CONFIG;
    const { pathname } = new URL(request.url);

    const feature = /^\/features\/([^/]+)$/.exec(pathname)?.[1];
    if (feature !== undefined) {
      return Response.json({ customerId, feature, enabled: features.includes(feature) });
    }
    return Response.json({
      customerId,
      features,
      plan: request.headers.get("x-tenant-plan"),
      path: pathname,
    });
  },
};

// What every customer runs. CUSTOMER and PLAN come from wfpsync.yaml.
interface Env {
  CUSTOMER: string;
  PLAN: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response(`Hello from ${env.CUSTOMER}, on the plan ${env.PLAN}.\n`);
  },
};

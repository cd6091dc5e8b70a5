import type { DispatchNamespace, KVNamespace } from "./types";

interface Env {
  TENANT_NAMESPACE: DispatchNamespace;
  TENANT_DATA: KVNamespace;
}

/** What the platform notes about a tenant, in KV under the tenant's id. A tenant without a record is in good standing. */
interface TenantRecord {
  plan?: string;
  suspended?: boolean;
}

/** Sends customer-a.platform.example.com to the user Worker "customer-a-worker". */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const tenant = tenantOf(request);
    if (tenant === undefined) {
      return failure(404, "There is no tenant at this address.");
    }
    try {
      const record = await env.TENANT_DATA.get<TenantRecord>(tenant, { type: "json", cacheTtl: 60 });
      if (record?.suspended) {
        return failure(403, `The site of "${tenant}" is suspended.`);
      }
      const worker = env.TENANT_NAMESPACE.get(workerName(tenant));
      return await worker.fetch(withPlan(request, record?.plan ?? "free"));
    } catch (error) {
      if (isWorkerNotFound(error)) {
        return failure(404, `There is no tenant "${tenant}".`);
      }
      // What went wrong inside a tenant's code is for the log, not for its visitors.
      console.error(`tenant "${tenant}" failed`, error);
      return failure(502, `The site of "${tenant}" is not working at the moment.`);
    }
  },
};

/** The tenant's id is the first label of the host. */
function tenantOf(request: Request): string | undefined {
  const [label] = new URL(request.url).hostname.split(".");
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label) ? label : undefined;
}

/** The other half of the naming rule is in wfpsync.yaml, where user Workers are called customer-a-worker. */
function workerName(tenant: string): string {
  return `${tenant}-worker`;
}

/** Tells the tenant's Worker which plan it is on. The header is always set, so that a visitor cannot send their own. */
function withPlan(request: Request, plan: string): Request {
  const forTenant = new Request(request);
  forTenant.headers.set("x-tenant-plan", plan);
  return forTenant;
}

function isWorkerNotFound(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Worker not found");
}

function failure(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

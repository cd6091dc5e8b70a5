// The parts of the runtime's types that these Workers use, so that they need no package. In a project of your own,
// install @cloudflare/workers-types and delete this file.

export interface DispatchNamespace {
  /** Never fails: a Worker that does not exist is only noticed by fetch. */
  get(name: string): { fetch(request: Request): Promise<Response> };
}

export interface KVNamespace {
  get<T>(key: string, options: { type: "json"; cacheTtl?: number }): Promise<T | null>;
}

// The running engine: built from the catalog, and built again when another process or the command line has changed it.
import compose from 'koa-compose';
import type { Provider } from 'oidc-provider';
import type { Deployment } from '../storage/deployment.ts';
import { StorageFault } from '../storage/faults.ts';
import type { Middleware } from '../web/context.ts';
import type { Catalog } from './catalog.ts';

type Built = { readonly catalog: Catalog; readonly provider: Provider; readonly handle: Middleware };

export type EngineParts = {
  deployment: Pick<Deployment, 'catalogVersion'>;
  loadCatalog: (version: string) => Promise<Catalog>;
  build: (catalog: Catalog) => Provider;
};

export function createEngine({ deployment, loadCatalog, build }: EngineParts) {
  let built: Built | undefined;
  let pending: { version: string; result: Promise<Built> } | undefined;

  async function rebuild(version: string): Promise<Built> {
    const catalog = await loadCatalog(version);
    const provider = build(catalog);
    built = { catalog, provider, handle: compose(provider.middleware) as unknown as Middleware };
    return built;
  }

  /** The engine of today's catalog. While storage is away, the last one goes on: discovery and keys stay readable. */
  async function current(): Promise<Built> {
    let version: string;
    try {
      version = await deployment.catalogVersion();
    } catch (error) {
      if (built !== undefined && error instanceof StorageFault) return built;
      throw error;
    }
    if (built?.catalog.version === version) return built;
    if (pending?.version !== version) {
      pending = { version, result: rebuild(version) };
      pending.result
        .catch(() => undefined)
        .finally(() => {
          pending = undefined;
        });
    }
    return pending.result;
  }

  return {
    current,
    handle: (async (ctx, next) => (await current()).handle(ctx, next)) as Middleware,
  };
}

export type Engine = ReturnType<typeof createEngine>;

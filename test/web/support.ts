// Small Koa apps made of the parts of server/web/, a log to read back, and raw sockets.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createLog } from '../../server/observability/log.ts';
import { randomKey } from '../../server/secrets.ts';
import type { WebApp } from '../../server/web/context.ts';
import { createCookieKeys } from '../../server/web/cookie-keys.ts';
import { createHealth } from '../../server/web/health.ts';
import { createWebApp } from '../../server/web/koa.ts';

export const ISSUER = 'https://id.example';

export class StorageFault extends Error {}

export function collectLog() {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', stream: { write: (line) => void lines.push(line) } });
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

type AppOptions = {
  issuer?: string;
  allowedHosts?: string[];
  trustedProxies?: string[];
  isReady?: () => boolean;
  onHostRejected?: (host: string) => void;
  renderError?: () => string;
};

/** A web app as app.ts makes it, without the parts above; `mount` adds routes. */
export function createTestApp(mount: (app: WebApp) => void, options: AppOptions = {}) {
  const collected = collectLog();
  const health = createHealth({ isReady: options.isReady ?? (() => true) });
  const app = createWebApp({
    config: {
      issuer: options.issuer ?? ISSUER,
      allowed_hosts: options.allowedHosts ?? [],
      trusted_proxies: options.trustedProxies ?? [],
    },
    log: collected.log,
    keys: createCookieKeys([randomKey()]),
    health,
    isStorageFault: (error) => error instanceof StorageFault,
    renderError:
      options.renderError ?? ((_ctx, page) => `<h1>${page.title}</h1><p>${page.words} ${page.requestId}</p>`),
    onHostRejected: (_ctx, host) => options.onHostRejected?.(host),
  });
  mount(app);
  return { app, health, ...collected };
}

export async function serve(app: WebApp): Promise<{ server: Server; port: number }> {
  const server = createServer({ requireHostHeader: false }, app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Sends the bytes and answers everything that comes back until the other side closes. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

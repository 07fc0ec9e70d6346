// Where we listen, and how we stop (row F21).
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../observability/log.ts';
import { type Connections, createConnections } from './connections.ts';
import type { Health } from './health.ts';
import { createHttpServer } from './http-server.ts';

type ListenOptions = {
  handler: RequestListener;
  config: Pick<Config, 'issuer' | 'listen' | 'server' | 'trusted_proxies'>;
  log: Log;
  health: Pick<Health, 'drain'>;
};

/** Listens, on both families for `localhost`. Throws an Error with one sentence for people when it cannot. */
export async function listen({ handler, config, log, health }: ListenOptions) {
  const connections = createConnections();
  const create = () => createHttpServer({ handler, config, log, connections });
  const servers = await bindAll(create, config.listen);
  let closing: Promise<void> | undefined;

  /** Readiness goes at once, then no new connection; running requests may end, but not for ever. */
  function close(): Promise<void> {
    closing ??= stop(servers, { connections, seconds: config.server.shutdown_seconds, drain: health.drain });
    return closing;
  }

  return { port: portOf(servers[0]), close };
}

export type Listening = Awaited<ReturnType<typeof listen>>;

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function bindAll(
  create: () => Server,
  { host, port }: Config['listen'],
): Promise<[Server, ...Server[]]> {
  const first = create();
  await bind(first, host === 'localhost' ? '127.0.0.1' : host, port);
  if (host !== 'localhost') return [first];
  const second = create();
  try {
    await bind(second, '::1', portOf(first));
    return [first, second];
  } catch (error) {
    // A machine without IPv6 does without. Another program's port there would answer half of our callers.
    if (port === 0 || !isTaken(error)) return [first];
    first.close();
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(describeBindError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function describeBindError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken: stop the program that has it, or set PORT to another.`,
    EACCES: `Port ${port} on ${host} needs rights we do not have: set PORT to one above 1023.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set HOST to one it has.`,
  };
  return new Error(
    sentences[cause.code ?? ''] ?? `Cannot listen on ${host}, port ${port}: ${cause.message}`,
    { cause },
  );
}

type StopOptions = { connections: Connections; seconds: number; drain: () => void };

async function stop(servers: Server[], { connections, seconds, drain }: StopOptions): Promise<void> {
  drain();
  connections.stop();
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const force = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, seconds * 1000);
  await closed;
  clearTimeout(force);
}

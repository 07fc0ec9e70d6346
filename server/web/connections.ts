// The open connections: what runs on each, how many one address may have, how they end (rows F21, F28).
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../observability/log.ts';
import { createTrustedProxies } from './address.ts';

/** The open sockets, and the answers that are being made on each. */
export function createConnections() {
  const sockets = new Set<Socket>();
  const bySocket = new Map<Socket, Set<ServerResponse>>();
  let isStopping = false;

  function add(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  }

  function addResponse(socket: Socket, response: ServerResponse): void {
    const responses = bySocket.get(socket) ?? new Set();
    bySocket.set(socket, responses.add(response));
    if (isStopping) response.setHeader('Connection', 'close');
    response.on('close', () => {
      responses.delete(response);
      if (responses.size === 0) bySocket.delete(socket);
    });
  }

  /** From now on every answer is the last of its connection. */
  function stop(): void {
    isStopping = true;
    for (const responses of bySocket.values()) {
      for (const response of responses) if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    // Browsers open connections for later, which Node does not count as idle.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Whether words of ours on this socket could be taken for a part of another answer. */
  function hasBegun(socket: Socket): boolean {
    const responses = [...(bySocket.get(socket) ?? [])];
    return responses.length > 1 || responses.some((response) => response.headersSent);
  }

  return { add, addResponse, stop, hasBegun };
}

export type Connections = ReturnType<typeof createConnections>;

/** Ends the connections that are too many for one address; our proxies bring everybody's. */
export function createConnectionCap(config: Pick<Config, 'server' | 'trusted_proxies'>, log: Log) {
  const proxies = createTrustedProxies(config.trusted_proxies);
  const open = new Map<string, number>();
  return (socket: Socket): void => {
    const address = socket.remoteAddress ?? 'unknown';
    if (proxies.isTrustedPeer(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.on('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (count <= config.server.max_connections_per_address) return;
    log.debug('connection.refused', { address, count });
    socket.destroy();
  };
}

// The HTTP server: how slow a caller may be and how large its headers, and what rubbish is told (5.5; rows C10, F24).
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../observability/log.ts';
import { type Connections, createConnectionCap } from './connections.ts';
import { baseHeaders } from './security-headers.ts';

export type HttpServerOptions = {
  handler: RequestListener;
  config: Pick<Config, 'issuer' | 'server' | 'trusted_proxies'>;
  log: Log;
  connections: Connections;
};

const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 64;
const MAX_REQUESTS_PER_SOCKET = 1000;

export function createHttpServer({ handler, config, log, connections }: HttpServerOptions): Server {
  const { server: limits } = config;
  const options = {
    connectionsCheckingInterval: 2000,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headers_timeout_seconds * 1000,
    requestTimeout: limits.request_timeout_seconds * 1000,
    keepAliveTimeout: limits.keep_alive_seconds * 1000,
    // host-check.ts answers that, with our headers.
    requireHostHeader: false,
  };
  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    connections.addResponse(request.socket, response);
    handler(request, response);
  }
  const server = createServer(options, onRequest);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  // A caller that takes our answer in sips: nothing moved for as long as two whole requests may take.
  server.timeout = limits.request_timeout_seconds * 2000;
  // RFC 9110 section 10.1.1 lets a server ignore what it does not know; Node's 417 would lack our headers.
  server.on('checkExpectation', onRequest);
  server.on('connection', connections.add);
  server.on('connection', createConnectionCap(config, log));
  // Without a listener, an accept that fails for want of file descriptors would end the program.
  server.on('error', (error) => server.listening && log.error('accept.failed', { error }));
  server.on('clientError', createClientErrorAnswer({ issuer: config.issuer, log, connections }));
  return server;
}

const clientErrorStatuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

type ClientErrorOptions = { issuer: string; log: Log; connections: Connections };

/** RFC 9112 section 2.2: what is not HTTP is answered with 400, and the connection ends. */
function createClientErrorAnswer({ issuer, log, connections }: ClientErrorOptions) {
  return (error: Error & { code?: string }, stream: Duplex): void => {
    const socket = stream as Socket;
    const status = clientErrorStatuses[error.code ?? ''] ?? 400;
    // Not above this level: anybody can send rubbish all day.
    log.debug('request.malformed', { error_code: error.code, status, address: socket.remoteAddress });
    if (error.code === 'ECONNRESET' || !socket.writable || connections.hasBegun(socket)) socket.destroy();
    else socket.end(writeRawAnswer(status, issuer), () => socket.destroy());
  };
}

function writeRawAnswer(status: number, issuer: string): string {
  const body = '{"error":"invalid_request"}';
  const headers = {
    ...baseHeaders(issuer),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

// A real server on loopback that somebody named: it answers as the test says, and remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** How a server may behave. */
export const answers = {
  json:
    (value: unknown, headers: Record<string, string> = {}): Behaviour =>
    (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value)),
  status:
    (status: number): Behaviour =>
    (_request, response) =>
      void response.writeHead(status).end(),
  redirect:
    (to: string): Behaviour =>
    (_request, response) =>
      void response.writeHead(302, { location: to }).end(),
  /** Without end: whoever reads on never comes back. */
  endless: ((_request, response) => {
    response.writeHead(200);
    const pour = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384, 'x')));
      if (!response.destroyed) response.once('drain', pour);
    };
    pour();
  }) satisfies Behaviour,
  silence: (() => undefined) satisfies Behaviour,
  reset: ((request) => void request.socket.resetAndDestroy()) satisfies Behaviour,
};

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export async function startReceiver() {
  const asked: Asked[] = [];
  let behaviour: Behaviour = answers.status(200);
  const server = createServer(async (request, response) => {
    const body = await readText(request).catch(() => '');
    asked.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    behaviour(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    host: `127.0.0.1:${port}`,
    url: (path = '/') => `http://127.0.0.1:${port}${path}`,
    asked,
    behave(next: Behaviour): void {
      behaviour = next;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

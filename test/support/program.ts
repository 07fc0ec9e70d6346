// A program that talks to us over HTTP: it may send any header, Host too, which fetch may not.
import { type IncomingMessage, request } from 'node:http';

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
};

type Sent = { method?: string; headers?: Record<string, string | string[]>; body?: string };

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  return headers;
}

function parse(text: string, headers: Headers): Record<string, unknown> {
  return headers.get('content-type')?.includes('json') && text !== '' ? JSON.parse(text) : {};
}

/** One request to 127.0.0.1; redirects are not followed. */
export function createProgram({ port, host }: { port: number; host: string }) {
  return function ask(path: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: { Host: host, ...length, ...headers },
        agent: false,
      };
      const outgoing = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const received = headersOf(response);
          resolve({ status: response.statusCode ?? 0, headers: received, text, body: parse(text, received) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
}

// The app at the other end of a redirect: a tiny server that keeps what a browser brings it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Visit = { readonly method: string; readonly parameters: URLSearchParams };

/** Listens at http://127.0.0.1:PORT; its redirect URI is /cb there. */
export async function startAppServer() {
  const visits: Visit[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/cb') {
      const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      visits.push({ method: request.method ?? '', parameters });
    }
    response.setHeader('Content-Type', 'text/html');
    response.end(
      '<!doctype html><title>The app</title><link rel="icon" href="data:,"><h1>Back at the app</h1>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    redirectUri: `${origin}/cb`,
    /** What the last browser brought to the redirect URI. */
    takeVisit(): Visit {
      const visit = visits.pop();
      if (visit === undefined) throw new Error('no browser came to the redirect URI');
      return visit;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type AppServer = Awaited<ReturnType<typeof startAppServer>>;

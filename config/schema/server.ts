// Where the server listens, whom it believes, and how long it waits: `listen`, `server`, `trusted_proxies`.
import { isIP } from 'node:net';
import { z } from 'zod';
import { reads, seconds, whole } from './elements.ts';

function isNetwork(value: string): boolean {
  const [, address, prefix] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(value) ?? [];
  if (address === undefined || prefix === undefined) return false;
  const family = isIP(address);
  // A prefix of 0 is everybody, and whoever is a trusted proxy may claim any address.
  return family !== 0 && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}

export const network = z.string().refine(isNetwork, 'must be a network such as 10.0.0.0/8 or fd00::/8');

export const listen = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .meta({ fallback: 'localhost, or 0.0.0.0' })
    .describe(
      'Address to listen on. Only this machine while the issuer is loopback, otherwise every interface.',
    ),
  port: whole(3000, 'TCP port. 0 lets the system choose one, for tests.', { min: 0, max: 65_535 }),
});

export const server = z
  .strictObject({
    headers_timeout_seconds: seconds(10, 'A caller who sends its headers slower than this is cut off.'),
    request_timeout_seconds: seconds(15, 'The same for the whole request: no slow body holds a connection.'),
    keep_alive_seconds: seconds(5, 'How long an idle connection stays open.'),
    shutdown_seconds: seconds(
      10,
      'How long running requests may take to end when the server is told to stop.',
    ),
    max_connections_per_address: whole(
      512,
      'Open connections from one address, so that one caller cannot take all.',
    ),
    body_bytes: whole(57_344, 'Largest body of a request, in bytes (56 KiB).', { min: 1024, max: 1_048_576 }),
  })
  .refine((section) => section.headers_timeout_seconds <= section.request_timeout_seconds, {
    path: ['headers_timeout_seconds'],
    error: 'must not be longer than request_timeout_seconds',
    when: reads('headers_timeout_seconds', 'request_timeout_seconds'),
  });

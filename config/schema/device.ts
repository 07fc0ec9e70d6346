// Pairing a device by a code (RFC 8628): `device`.
import { z } from 'zod';
import { flag, seconds, whole } from './elements.ts';
import { clientId } from './names.ts';

export const device = z.strictObject({
  enabled: flag(true, 'false: no client can pair with a code, whatever it is registered for.'),
  client_ids: z
    .array(clientId)
    .default(['latchkey-cli'])
    .describe(
      'Device clients that are allowed by their id alone, without a registration. In the environment: separated by commas.',
    ),
  code_seconds: seconds(600, 'How long a code may be entered: long enough for a phone (RFC 10027).', {
    max: 900,
  }),
  interval_seconds: seconds(5, 'The pace of polling that clients are told (RFC 8628 section 3.5).', {
    max: 60,
  }),
  max_pending: whole(
    100,
    'Codes that may wait at once. With the limits on wrong codes it bounds guessing to one in a million.',
    { min: 1, max: 100_000 },
  ),
  max_pending_per_network: whole(
    25,
    'Codes that may wait at once from one network (an IPv4 address, an IPv6 /64), so that one does not take the places of all.',
    { min: 1, max: 100_000 },
  ),
});

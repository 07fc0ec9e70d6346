// What trusted issuers and service accounts have in common over HTTP: keys, profiles, and the id that each is named by.
import { z } from 'zod';
import { atOrNull } from './schemas.ts';

/** A key as operators see it. */
export const shownKey = z.strictObject({
  kid: z.string().nullable(),
  thumbprint: z.string(),
  algorithms: z.array(z.string()).readonly(),
  state: z.enum(['in_force', 'disabled', 'ended', 'unusable']),
  added_at: atOrNull('Since when it has been there, where that is known'),
  expires_at: atOrNull('When it ends'),
});

export const machineProfile = z.enum(['strict', 'service-account', 'workload']);

/** The parameter `client_id` of a path: the id of one machine identity. */
export function machineParams(prefix: string, says: { readonly fault: string; readonly words: string }) {
  return z.strictObject({
    client_id: z
      .string()
      .regex(new RegExp(`^${prefix}[\\w-]{1,100}$`), says.fault)
      .describe(says.words),
  });
}

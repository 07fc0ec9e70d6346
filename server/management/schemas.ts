// Shapes that several nouns share.
import { z } from 'zod';

const TIME = 'in whole seconds since 1970';

export function at(what: string) {
  return z.int().min(0).describe(`${what}, ${TIME}.`);
}

export function atOrNull(what: string) {
  return z.int().min(0).nullable().describe(`${what}, ${TIME}; null: not so.`);
}

export const scopeName = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope name (RFC 6749 section 3.3)')
  .max(200);

/** Public keys (RFC 7517); private members are refused. */
export const keySet = z
  .strictObject({
    keys: z
      .array(z.looseObject({ kty: z.string() }))
      .min(1)
      .max(100),
  })
  .meta({ id: 'KeySet' });

/** Every refusal (RFC 6749 section 5.2, with two members of our own). */
export const fault = z
  .strictObject({
    error: z.string().describe('A stable code.'),
    error_description: z.string().describe('In words, for people.'),
    param: z.string().optional().describe('The parameter or member at fault.'),
    request_id: z.string().describe('Names the request in the log and in the audit log.'),
  })
  .meta({ id: 'Error' });

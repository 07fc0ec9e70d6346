// What was typed into the forms of a service account: a new one, and one more key. What it means is judged in service-accounts/.
import { cleanName } from '../accounts/person-name.ts';
import { Refusal } from '../errors.ts';
import type { AccountOptions, KeySource } from '../service-accounts/account-making.ts';
import type { Terms } from '../service-accounts/public-keys.ts';
import type { Parameters } from '../web/parameters.ts';
import { readEnd, readTicked } from './key-form.ts';

function refuseKey(words: string, cause?: unknown): never {
  throw new Refusal('invalid_request', { words, param: 'key', cause });
}

function parseJwk(text: string): KeySource {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuseKey('This is neither a JWK nor a PEM that can be read.', cause);
  }
  const { keys } = value as { keys?: unknown };
  return { jwks: { keys: Array.isArray(keys) ? keys : [value] } };
}

/** A pair that is made here, or what was pasted: a JWK or a set of them (RFC 7517), or PEM. */
function readSource({ source = '', key = '' }: Parameters): KeySource {
  if (source === 'made') return { isMadeHere: true };
  const text = key.trim();
  if (text === '') refuseKey('Please paste a public key, or let a pair be made here.');
  return text.startsWith('{') ? parseJwk(text) : { pem: text };
}

/** At least one. */
export function readScopes(form: Parameters): string[] {
  const scopes = readTicked(form);
  if (scopes.length > 0) return scopes;
  throw new Refusal('invalid_request', { words: 'Please choose what it may do.', param: 'scope' });
}

export function readNewAccount(form: Parameters): Omit<AccountOptions, 'teamId' | 'plan'> {
  const scopes = readScopes(form);
  const { name = '', resource = '' } = form;
  return { name: cleanName(name), scopes, resource: resource || undefined, ...readSource(form) };
}

export function readNewKey(form: Parameters): KeySource & { terms: Terms } {
  return { terms: { expiresAt: readEnd(form) }, ...readSource(form) };
}

// A registration as it stands in its column: JSON that we wrote, looked at again since nobody may be let in by a damaged one.
import { parseObject } from '../storage/damage.ts';
import type { Registration } from './clients.ts';

const texts = ['name', 'type', 'auth'] as const;
const lists = [
  ...['secrets', 'grants', 'redirectUris', 'postLogoutRedirectUris', 'origins'],
  ...['scopes', 'defaultScopes', 'optionalScopes'],
];

/** Throws where it is none. */
export function parseRegistration(text: string): Registration {
  const value = parseObject(text);
  if (
    !texts.every((name) => typeof value[name] === 'string') ||
    !lists.every((name) => Array.isArray(value[name]))
  )
    throw new Error('no registration');
  return value as Registration;
}

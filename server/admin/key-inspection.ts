// What an operator is told of an API key that somebody sent them, and its end: by the rules of introspection.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { explainApiKey } from '../introspection/explain.ts';
import { asOperator } from '../teams/admission.ts';
import { type AdminParts, OPERATOR } from './parts.ts';
import { type ShownKey, showKey } from './shown-api-key.ts';

type Parts = Pick<AdminParts, 'apiKeys' | 'keyFormats' | 'database'>;

export type LiveKey = ShownKey & { active: true };

/** All that is known of a live key, or why it is dead; undefined where the text has not the shape of one. */
export async function introspectKey(
  { apiKeys, keyFormats, database }: Parts,
  text: string,
): Promise<LiveKey | { active: false; reason: string } | undefined> {
  if (keyFormats.recognise(text) === undefined) return undefined;
  const key = await apiKeys.findByText(text);
  const ended = await explainApiKey(database, { text, keyRights: apiKeys.rights }, nowSeconds());
  if (key === undefined || ended !== null) return { active: false, reason: ended ?? 'unknown' };
  return { active: true, ...showKey(key) };
}

/** Refuses with not_found a key that is none; undefined where the text has not the shape of one. */
export async function revokeFoundKey(
  { apiKeys, keyFormats }: Parts,
  text: string,
): Promise<{ revoked: true; kind: 'api_key' | 'team_api_key'; key_id: string } | undefined> {
  if (keyFormats.recognise(text) === undefined) return undefined;
  const key = await apiKeys.findByText(text);
  if (key === undefined) throw new Refusal('not_found', { words: 'There is no such API key.' });
  await apiKeys.revoke(asOperator(OPERATOR), key);
  return { revoked: true, kind: key.owner.kind === 'team' ? 'team_api_key' : 'api_key', key_id: key.id };
}

// Why a token is dead, for those who may know: the rules of introspection, whoever the token is for.
import type { Database } from '../storage/database.ts';
import { recogniseAccessToken } from './access-token.ts';
import type { InactiveReason } from './kinds.ts';
import { findClientEnd } from './liveness.ts';
import { recogniseRefreshToken } from './refresh-token.ts';
import { findCaller, getRow } from './store.ts';

/** `ended` is null while the token lives. */
export async function explain(
  database: Database,
  text: string,
  now: number,
): Promise<{ ended: InactiveReason | null; email: string | null }> {
  const recognised = recogniseAccessToken(text, now) ?? recogniseRefreshToken(text, now);
  if (recognised === undefined) return { ended: 'unknown', email: null };
  const {
    ended,
    email,
    client_id: clientId,
    issued_at: issuedAt,
  } = await getRow(database, recognised.statement);
  if (ended !== null || clientId === null) return { ended: ended ?? 'unknown', email };
  const client = await findCaller(database, clientId);
  return { ended: findClientEnd(client, issuedAt ?? 0) ?? null, email };
}

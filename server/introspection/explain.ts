// Why a token is dead, for those who may know: the rules of introspection, asked in the name of the token's own client.
import type { Database } from '../storage/database.ts';
import { parseAccessToken, parseRefreshToken } from '../storage/token-format.ts';
import type { InactiveReason } from './kinds.ts';
import { commonRules } from './liveness.ts';
import { createSelect, findRow } from './store.ts';

const selectAccess = createSelect({
  table: 'access_tokens',
  key: 't.id = ? AND t.secret_hash = ?',
  columns: [],
  rules: commonRules,
});
const selectRefresh = createSelect({
  table: 'refresh_tokens',
  key: 't.family = ? AND t.generation = ? AND t.secret_hash = ?',
  columns: [],
  rules: commonRules,
});

/** `ended` is null while the token lives; being consumed is the caller's to look at. */
export async function explain(
  database: Database,
  text: string,
  { clientId, now }: { clientId: string; now: number },
): Promise<{ ended: InactiveReason | null; email: string | null }> {
  const access = parseAccessToken(text);
  const refresh = parseRefreshToken(text);
  const statement =
    access !== undefined
      ? selectAccess(clientId, [access.id, access.secretHash], now)
      : refresh !== undefined
        ? selectRefresh(clientId, [refresh.family, refresh.generation, refresh.secretHash], now)
        : undefined;
  if (statement === undefined) return { ended: 'unknown', email: null };
  const row = await findRow(database, statement);
  // A blocked client finds nothing, its own tokens neither.
  return row === undefined
    ? { ended: 'client_not_active', email: null }
    : { ended: row.ended, email: row.email };
}

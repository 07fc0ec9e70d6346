// Why a token is dead, for those who may know: the rules of introspection, whoever the token is for.
import type { KeyRights } from '../api-keys/key-rights.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { parseAccessToken, parseRefreshToken } from '../storage/token-format.ts';
import { type ApiKeyRow, isOnPlan, selectApiKey } from './api-key.ts';
import type { InactiveReason } from './kinds.ts';
import { accessTokenRules, commonRules } from './liveness.ts';
import { accessTokens, createSelect, getRow, NOBODY, refreshTokens, selectCaller } from './store.ts';

const selectAccessToken = createSelect({
  ...accessTokens,
  columns: [],
  rules: [...commonRules, ...accessTokenRules],
});
const selectRefreshToken = createSelect({
  ...refreshTokens,
  columns: [],
  rules: commonRules,
});

/** `ended` is null while the token lives; whether it was used is the caller's to look at. */
export async function explain(
  database: Database,
  text: string,
  now: number,
): Promise<{ ended: InactiveReason | null; email: string | null }> {
  const access = parseAccessToken(text);
  const refresh = parseRefreshToken(text);
  let statement = selectCaller(NOBODY);
  if (access !== undefined) {
    const { id, secretHash, kid = null } = access;
    statement = selectAccessToken(NOBODY, { id, secret_hash: secretHash, kid }, now);
  } else if (refresh !== undefined) {
    const { family, generation, secretHash } = refresh;
    statement = selectRefreshToken(NOBODY, { family, generation, secret_hash: secretHash }, now);
  }
  const { ended, email } = await getRow(database, statement);
  return { ended, email };
}

/** The same of an API key, wherever it comes from: `ended` is null while it lives. */
export async function explainApiKey(
  database: Database,
  { text, keyRights }: { text: string; keyRights: KeyRights },
  now: number,
): Promise<InactiveReason | null> {
  const row = await getRow(database, selectApiKey(NOBODY, { secret_hash: sha256(text) }, now));
  if (row.ended !== null) return row.ended;
  return isOnPlan(row as ApiKeyRow, keyRights) ? null : 'plan_required';
}

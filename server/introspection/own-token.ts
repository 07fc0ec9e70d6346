// Access tokens for this server's own API, by the rules of introspection: the same read, the same end of everything.
import type { Registration } from '../clients/clients.ts';
import { parseRegistration } from '../clients/registration-text.ts';
import { DamagedRow } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { parseAccessToken } from '../storage/token-format.ts';
import { isManagement } from '../teams/rights.ts';
import type { InactiveReason } from './kinds.ts';
import { accessTokenRules, commonRules, type Rule } from './liveness.ts';
import { accessTokens, createSelect, getRow, NOBODY, type Row } from './store.ts';

type OwnRow = Row & {
  token_type: string;
  bound: string | null;
  holder: string | null;
  is_admin: number | null;
};

/** Who holds the token, and what it and its holder may do now. */
export type OwnToken = {
  readonly clientId: string;
  readonly accountId: string | undefined;
  readonly scopes: readonly string[];
  /** Does whoever runs this server run the client too? */
  readonly isFirstParty: boolean;
  /** The key that whoever presents it must hold (RFC 9449). */
  readonly thumbprint: string | undefined;
};

/** Got by the client in its own name, or by a redirect: never by a device or on another issuer's word. */
const sourceRule: Rule = [
  'foreign_audience',
  `t.asserted_by IS NOT NULL OR (t.account_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM grants g WHERE g.id = t.grant_id AND g.kind = 'authorization'))`,
];

const select = createSelect({
  ...accessTokens,
  columns: [
    't.token_type',
    "CASE WHEN t.token_type = 'DPoP' THEN t.payload END AS bound",
    '(SELECT c.registration FROM clients c WHERE c.id = t.client_id) AS holder',
    '(SELECT a.is_admin FROM accounts a WHERE a.id = t.account_id) AS is_admin',
  ],
  rules: [
    ['foreign_audience', 't.audience IS NULL OR t.audience <> :audience'],
    ...commonRules,
    ...accessTokenRules,
    sourceRule,
  ],
});

function registrationOf({ holder }: OwnRow): Partial<Registration> {
  return holder === null ? {} : parseRegistration(holder);
}

/** What was given, as far as the client is still registered for it by name; rights over the server, of administrators. */
function scopesNow(
  { scope, account_id, is_admin }: OwnRow,
  { scopes = [] }: Partial<Registration>,
): string[] {
  const isOrdinary = account_id !== null && is_admin !== 1;
  return (scope ?? '').split(' ').filter((one) => scopes.includes(one) && !(isOrdinary && isManagement(one)));
}

/** A live token for `audience`, or why it is none. */
export async function judgeOwnToken(
  database: Database,
  text: string,
  { audience, now }: { audience: string; now: number },
): Promise<OwnToken | InactiveReason> {
  const key = parseAccessToken(text);
  if (key === undefined) return 'unknown';
  const named = { id: key.id, secret_hash: key.secretHash, kid: key.kid ?? null, audience };
  const row = (await getRow(database, select(NOBODY, named, now))) as OwnRow;
  if (row.ended !== null) return row.ended;
  try {
    return describeOwn(row);
  } catch {
    database.noteDamage(new DamagedRow('clients'));
    return 'damaged';
  }
}

function describeOwn(row: OwnRow): OwnToken {
  const registration = registrationOf(row);
  return {
    clientId: row.client_id ?? '',
    accountId: row.account_id ?? undefined,
    scopes: scopesNow(row, registration),
    isFirstParty: registration.isFirstParty === true,
    thumbprint: row.bound === null ? undefined : (JSON.parse(row.bound) as { jkt: string }).jkt,
  };
}

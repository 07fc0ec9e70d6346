// JWTs that service accounts sign themselves: no row of their own, so their life is that of their account, its team and the key.
import type { Registration } from '../clients/clients.ts';
import { parseRegistration } from '../clients/registration-text.ts';
import type { Trust } from '../clients/trust.ts';
import type { Recognised, SelfSigned, SelfSignedJwts } from '../service-accounts/self-signed.ts';
import { isOnPlan, mayHold, says } from '../service-accounts/service-account.ts';
import type { ServiceAccounts } from '../service-accounts/service-accounts.ts';
import type { Database } from '../storage/database.ts';
import { EVERY_SCOPE, type Rights } from '../teams/rights.ts';
import type {
  ActiveAnswer,
  Circumstances,
  InactiveReason,
  Kind,
  Recognised as RecognisedCredential,
  Use,
  UsedFrom,
} from './kinds.ts';
import { firstOf, type Rule, teamRule } from './liveness.ts';
import { createRegistrationReader } from './registrations.ts';
import { createSelect, getRow, NOBODY, RESOURCE, type Row } from './store.ts';

type ServiceJwtRow = Row & {
  holder: string | null;
  team_id: string | null;
  plan: string | null;
  team_plan: string | null;
  life: InactiveReason | null;
};

const lifeRules: readonly Rule[] = [
  ['revoked', 'EXISTS (SELECT 1 FROM revoked_service_jwts r WHERE r.token_hash = :token_hash)'],
  // Also what was signed up to a block, or up to the time before which everything was ended.
  [
    'disabled',
    `NOT EXISTS (SELECT 1 FROM clients c WHERE c.id = t.client_id AND c.blocked_at IS NULL
      AND (c.revoked_at IS NULL OR c.revoked_at < :issued_at))`,
  ],
  teamRule,
];

const accountRead = {
  table: 'service_accounts',
  where: 't.client_id = :id',
  credential: {
    ...{ account_id: 'NULL', scope: 'NULL', issued_at: 'NULL', expires_at: 'NULL', grant_id: 'NULL' },
    ...{ last_used_at: 't.last_used_at', email: 'NULL', standing: 'NULL' },
  },
  columns: [
    '(SELECT c.registration FROM clients c WHERE c.id = t.client_id) AS holder',
    ...['t.team_id', 't.plan'],
    '(SELECT x.plan FROM teams x WHERE x.id = t.team_id) AS team_plan',
    // No rule that ends the read: of what nobody has signed nothing is told, not even why it is dead.
    `${firstOf(lifeRules)} AS life`,
  ],
};

const selectAsCaller = createSelect({
  ...accountRead,
  // A client that is no API's resource server learns nothing, nor does the server of another API.
  rules: [['foreign_audience', `${RESOURCE} IS NULL OR ${RESOURCE} <> :audience`]],
});

/** Whoever it is for: for operators. */
const selectForOperators = createSelect({ ...accountRead, rules: [['unknown', '1 = 0']] });

function keyOf({ issuer, hash, issuedAt, audience }: SelfSigned) {
  return { id: issuer, token_hash: hash, issued_at: issuedAt, audience };
}

function judgeServiceJwt(
  recognised: Recognised,
  { life, team_id, team_plan }: ServiceJwtRow,
  { trust, now, rights }: { trust: Trust | undefined; now: number; rights: Rights },
): InactiveReason | null {
  const fault = trust === undefined ? 'not_valid' : recognised.judge(trust, now);
  if (fault === 'not_valid' || fault === 'not_yet') return 'unknown';
  if (life !== null || fault !== null) return life ?? fault;
  return isOnPlan({ teamId: team_id, teamPlan: team_plan }, rights) ? null : 'plan_required';
}

/** What is known of one, whoever it is for: to operators, and to whoever holds it and wants it dead. */
export type ExplainedJwt = {
  readonly said: SelfSigned;
  readonly ended: InactiveReason | null;
  /** Its signature is right, so it could be sent, now or soon. */
  readonly isGood: boolean;
};

/** Undefined where it is none. */
export async function explainServiceJwt(
  { database, selfSigned, rights }: { database: Database; selfSigned: SelfSignedJwts; rights: Rights },
  text: string,
  now: number,
): Promise<ExplainedJwt | undefined> {
  const recognised = selfSigned.recognise(text);
  if (recognised === undefined) return undefined;
  const { said } = recognised;
  const row = (await getRow(database, selectForOperators(NOBODY, keyOf(said), now))) as ServiceJwtRow;
  const trust = row.holder === null ? undefined : parseRegistration(row.holder).trust;
  if (trust === undefined) return { said, ended: 'unknown', isGood: false };
  const fault = recognised.judge(trust, now);
  const isGood = fault === null || fault === 'not_yet';
  return { said, ended: judgeServiceJwt(recognised, row, { trust, now, rights }), isGood };
}

export type ServiceJwtParts = {
  selfSigned: SelfSignedJwts;
  serviceAccounts: Pick<ServiceAccounts, 'noteUse'>;
};

export function createServiceJwtKind({ selfSigned, serviceAccounts }: ServiceJwtParts): Kind {
  const readRegistration = createRegistrationReader();

  function registrationOf({ holder }: ServiceJwtRow): Registration | undefined {
    return holder === null ? undefined : readRegistration(holder);
  }

  return (text, caller, now) => {
    const recognised = selfSigned.recognise(text);
    return recognised === undefined ? undefined : toRecognised(recognised, caller, now);
  };

  function toRecognised(recognised: Recognised, caller: string, now: number): RecognisedCredential {
    const { said } = recognised;

    function describe(found: Row, { issuer, rights }: Circumstances): ActiveAnswer {
      const row = found as ServiceJwtRow;
      const standing = { teamId: row.team_id, teamPlan: row.team_plan, plan: row.plan };
      const { scopes = [] } = registrationOf(row) ?? {};
      const own = (row.caller_scope ?? '').split(' ');
      const asked = said.scope?.split(' ') ?? (scopes.includes(EVERY_SCOPE) ? own : scopes);
      const isHeld = (name: string) => says(scopes, name, rights) && mayHold(standing, name, rights);
      const plan = row.team_id === null ? row.plan : rights.planOfTeam(row.team_plan ?? undefined).name;
      return {
        active: true,
        scope: [...new Set(asked)].filter((name) => own.includes(name) && isHeld(name)).join(' '),
        client_id: said.issuer,
        sub: said.issuer,
        ...(row.team_id === null ? {} : { team_id: row.team_id }),
        ...(plan === null ? {} : { plan }),
        aud: said.audience,
        // Whoever is asked vouches for it, as for every other credential.
        iss: issuer,
        exp: said.expiresAt,
        iat: said.issuedAt,
        ...(said.jti === undefined ? {} : { jti: said.jti }),
        token_type: 'Bearer',
        credential_type: 'service_jwt',
      };
    }

    function judge(found: Row, { rights }: Circumstances): InactiveReason | null {
      const row = found as ServiceJwtRow;
      return judgeServiceJwt(recognised, row, { trust: registrationOf(row)?.trust, now, rights });
    }

    const useOf = (_row: Row, from: UsedFrom): Use => ({
      of: said.issuer,
      note: () => serviceAccounts.noteUse(said.issuer, from),
    });
    return { statement: selectAsCaller(caller, keyOf(said), now), describe, judge, useOf };
  }
}

// Access tokens, opaque and JWT: an API learns only about tokens for itself (RFC 7662 section 4, RFC 8707 section 3).
import { isServiceAccountId } from '../service-accounts/account-registration.ts';
import { isOnPlan, says } from '../service-accounts/service-account.ts';
import { readStanding, readTeamStanding, teamStandingOf } from '../storage/standing.ts';
import { parseAccessToken } from '../storage/token-format.ts';
import type { Rights } from '../teams/rights.ts';
import {
  type ActiveAnswer,
  type Circumstances,
  describeSubject,
  type InactiveReason,
  type Kind,
} from './kinds.ts';
import { accessTokenRules, commonRules } from './liveness.ts';
import { createRegistrationReader } from './registrations.ts';
import { accessTokens, createSelect, RESOURCE, type Row } from './store.ts';

type AccessTokenRow = Row & {
  token_type: string;
  asserted_by: string | null;
  bound: string | null;
  team_id: string | null;
  team_standing: string | null;
  own_plan: string | null;
  holder: string | null;
};

const select = createSelect({
  ...accessTokens,
  columns: [
    't.token_type',
    't.asserted_by',
    "CASE WHEN t.token_type = 'DPoP' THEN t.payload END AS bound",
    't.team_id',
    `${teamStandingOf('t.team_id', 't.account_id')} AS team_standing`,
    // The plan of a service account is its team's, or its own where it is the operator's.
    `CASE WHEN t.asserted_by IS NULL THEN NULL
      WHEN t.team_id IS NULL THEN (SELECT s.plan FROM service_accounts s WHERE s.client_id = t.client_id)
      ELSE (SELECT x.plan FROM teams x WHERE x.id = t.team_id) END AS own_plan`,
    `CASE WHEN t.asserted_by IS NOT NULL
      THEN (SELECT c.registration FROM clients c WHERE c.id = t.client_id) END AS holder`,
  ],
  rules: [
    // A token without audience is one for the default API. A client that is no API's resource server learns nothing.
    [
      'foreign_audience',
      `CASE WHEN t.audience IS NULL
        THEN NOT EXISTS (SELECT 1 FROM resources r WHERE r.identifier = ${RESOURCE} AND r.is_default = 1)
        ELSE NOT EXISTS (SELECT 1 FROM clients c WHERE c.id = :caller AND c.resource = t.audience) END`,
    ],
    ...commonRules,
    ...accessTokenRules,
  ],
});

const readRegistration = createRegistrationReader();

/** What a service account may not have any more is gone from its tokens too. */
function isOfHolder({ client_id, holder }: AccessTokenRow, scope: string, rights: Rights): boolean {
  if (holder === null || client_id === null || !isServiceAccountId(client_id)) return true;
  return says(readRegistration(holder).scopes, scope, rights);
}

/** Of a machine: the ceiling of its team, or of its own plan. A client that has neither holds what it was given. */
function describeMachineHolder(row: AccessTokenRow, { rights }: Circumstances) {
  const { team_id, own_plan } = row;
  const isOfIt = (scope: string) => isOfHolder(row, scope, rights);
  if (team_id === null && own_plan === null) return { mayHold: isOfIt, named: {} };
  const plan = own_plan ?? undefined;
  return {
    mayHold: (scope: string) => rights.mayTeamHold(plan, scope) && isOfIt(scope),
    named: { ...(team_id === null ? {} : { team_id }), plan: rights.planOfTeam(plan).name },
  };
}

/** What whoever stands behind the token may hold now, and on which plan. */
function describeHolder(row: AccessTokenRow, circumstances: Circumstances) {
  const { rights } = circumstances;
  if (row.account_id === null) return describeMachineHolder(row, circumstances);
  if (row.team_id !== null) {
    const standing = readTeamStanding(row.team_standing ?? '');
    return {
      mayHold: (scope: string) => rights.mayHoldInTeam(standing, scope),
      named: { team_id: row.team_id, plan: rights.planOfTeam(standing.plan).name },
    };
  }
  const standing = readStanding(row.standing ?? '');
  return {
    mayHold: (scope: string) => rights.mayHoldAlone(standing, scope),
    named: { plan: rights.planOfPerson(standing.plan).name },
  };
}

/** What the API may see of the scope: its own names, as far as they may be held now. */
function cutScope({ scope, caller_scope }: Row, mayHold: (scope: string) => boolean): string {
  const own = (caller_scope ?? '').split(' ');
  return (scope ?? '')
    .split(' ')
    .filter((one) => own.includes(one) && mayHold(one))
    .join(' ');
}

/** Whoever presented the assertion acts as the issuer's machine identity, unless it stands for a service account. */
function describeMachine({ account_id, asserted_by, client_id }: AccessTokenRow): { sub?: string } {
  const isOwn = client_id !== null && isServiceAccountId(client_id);
  return account_id === null && asserted_by !== null && !isOwn ? { sub: asserted_by } : {};
}

/** RFC 9449 section 6.2: the key that whoever presents the token must hold. */
function describeBinding({ bound }: AccessTokenRow): { cnf?: { jkt: string } } {
  return bound === null ? {} : { cnf: { jkt: (JSON.parse(bound) as { jkt: string }).jkt } };
}

export const recogniseAccessToken: Kind = (text, caller, now) => {
  const key = parseAccessToken(text);
  if (key === undefined) return undefined;
  const { id, secretHash, jti, kid = null } = key;

  /** As what it signs itself: a plan without service accounts ends what those of the team have. */
  function judge(found: Row, { rights }: Circumstances): InactiveReason | null {
    const { asserted_by, account_id, team_id: teamId, own_plan: teamPlan } = found as AccessTokenRow;
    const isOfTeam = asserted_by !== null && account_id === null && teamId !== null;
    return isOfTeam && !isOnPlan({ teamId, teamPlan }, rights) ? 'plan_required' : null;
  }

  function describe(found: Row, circumstances: Circumstances): ActiveAnswer {
    const row = found as AccessTokenRow;
    const { mayHold, named } = describeHolder(row, circumstances);
    return {
      active: true,
      scope: cutScope(row, mayHold),
      client_id: row.client_id ?? '',
      ...describeSubject(row),
      ...describeMachine(row),
      ...(row.caller_resource === null ? {} : { aud: row.caller_resource }),
      iss: circumstances.issuer,
      exp: row.expires_at ?? 0,
      iat: row.issued_at ?? 0,
      jti,
      token_type: row.token_type,
      ...describeBinding(row),
      ...named,
      credential_type: 'access_token',
    };
  }

  return { statement: select(caller, { id, secret_hash: secretHash, kid }, now), describe, judge };
};

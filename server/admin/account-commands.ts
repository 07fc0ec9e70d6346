// What an operator may do with accounts. The later JSON API calls the same functions.
import type { Account } from '../accounts/accounts.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'accounts'>;

export type ShownAccount = {
  id: string;
  email: string;
  name: string;
  role: string;
  admin: boolean;
  /** Null is the default one. */
  plan: string | null;
  email_verified_at: number | null;
  created_at: number;
  disabled_at: number | null;
};

export type MadeAccount = { id: string; email: string };

export function describeAccount(account: Account): ShownAccount {
  return {
    id: account.id,
    email: account.email,
    name: account.name,
    role: account.role,
    admin: account.isAdmin,
    plan: account.plan ?? null,
    email_verified_at: account.emailVerifiedAt ?? null,
    created_at: account.createdAt,
    disabled_at: account.disabledAt ?? null,
  };
}

/** Refuses with already_exists, or with invalid_request where e-mail, name or password will not do. */
export async function createAccount(
  { accounts }: Parts,
  wanted: { email: string; name: string; password: string; isAdmin: boolean },
  alsoInUnit?: (made: MadeAccount) => void,
): Promise<MadeAccount> {
  const email = wanted.email.trim();
  const { id } = await accounts.register(wanted, OPERATOR, (made) => alsoInUnit?.({ id: made, email }));
  return { id, email };
}

/** By id, at most `limit`, after the id `after`. */
export async function listAccounts(
  { accounts }: Parts,
  page: { after: string; limit: number },
): Promise<ShownAccount[]> {
  return (await accounts.list(page)).map(describeAccount);
}

export async function showAccount({ accounts }: Parts, idOrEmail: string): Promise<ShownAccount> {
  return describeAccount(await accounts.get(idOrEmail));
}

/** Sessions, grants and tokens of the person end with it. `alsoInUnit` may add writes of its own. */
export async function disableAccount(
  { accounts }: Parts,
  idOrEmail: string,
  alsoInUnit?: () => void,
): Promise<ShownAccount> {
  return describeAccount(await accounts.disable(await accounts.get(idOrEmail), OPERATOR, alsoInUnit));
}

export async function enableAccount({ accounts }: Parts, idOrEmail: string): Promise<ShownAccount> {
  return describeAccount(await accounts.enable(await accounts.get(idOrEmail), OPERATOR));
}

/** Without a plan it is the default one from now on. Refuses (invalid_request) what is no plan of the configuration. */
export async function setAccountPlan(
  { accounts, accountPlan, teams }: Pick<AdminParts, 'accounts' | 'accountPlan' | 'teams'>,
  idOrEmail: string,
  plan: string | undefined,
): Promise<ShownAccount> {
  const account = await accounts.get(idOrEmail);
  teams.checkPlan(plan);
  return describeAccount(await accountPlan.set(account, plan, OPERATOR));
}

/** Ends their sessions everywhere; apps with a refresh token of their own go on. */
export async function endAccountSessions({ accounts }: Parts, idOrEmail: string): Promise<ShownAccount> {
  const account = await accounts.get(idOrEmail);
  await accounts.endSessions(account, OPERATOR);
  return describeAccount(account);
}

/** What was open ends, what was personal is erased, and the id is never used again. Refuses the last administrator. */
export async function deleteAccount(
  { accounts, accountDeletion, database }: Pick<AdminParts, 'accounts' | 'accountDeletion' | 'database'>,
  idOrEmail: string,
): Promise<{ id: string; email: string }> {
  const account = await accounts.get(idOrEmail);
  await accountDeletion.check(account);
  await database.transact(() => accountDeletion.erase(account, OPERATOR));
  return { id: account.id, email: account.email };
}

/** Sessions and refresh tokens of the person end with it. */
export async function setAccountPassword(
  { accounts }: Parts,
  idOrEmail: string,
  password: string,
): Promise<{ id: string; email: string }> {
  const account = await accounts.get(idOrEmail);
  await accounts.setPassword(account, password, { actor: OPERATOR });
  return { id: account.id, email: account.email };
}

// Refusals of the acts below speak of what people call things; whoever sent a body is told the member that they sent.
import { Refusal } from '../errors.ts';
import type { Operation } from './operations.ts';

/** The members that a word may stand for, the likeliest first. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  scope: ['scopes'],
  account: ['account_id'],
  team: ['team_id'],
  owner: ['team_id', 'account_id'],
};

function memberOf(param: string, { body, query, params }: Operation, sent: object): string | undefined {
  const known = { ...params.shape, ...query.shape, ...body?.shape };
  if (Object.hasOwn(known, param) || !Object.hasOwn(MEMBERS, param)) return undefined;
  const candidates = MEMBERS[param]?.filter((name) => Object.hasOwn(known, name)) ?? [];
  return candidates.find((name) => Object.hasOwn(sent, name)) ?? candidates[0];
}

/** Throws what was thrown, with `param` as the operation calls it. */
export function rethrowAsSent(error: unknown, operation: Operation, sent: object): never {
  if (!(error instanceof Refusal) || error.param === undefined) throw error;
  const param = memberOf(error.param, operation, sent);
  if (param === undefined) throw error;
  const { code, sentence: words, values, reason, retryAfterSeconds } = error;
  throw new Refusal(code, {
    ...{ words, param, cause: error },
    ...(values && { values }),
    ...(reason !== undefined && { reason }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

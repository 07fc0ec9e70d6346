// The consent page's words: what the template shows of a question (row A25: it tells the truth).
import type { Account } from '../accounts/accounts.ts';
import type { Question } from '../protocol/question.ts';

/** The scopes as the templates list them, each with the name of its box. */
export function groupLocals(question: Question) {
  let index = 0;
  return question.groups.map((group) => ({
    title: group.title,
    identifier: group.identifier,
    scopes: group.scopes.map((scope) => ({
      name: scope.name,
      words: scope.words,
      is_optional: scope.isOptional,
      is_new: scope.isNew,
      field: `scope_${index++}`,
    })),
  }));
}

/** The teams as the templates list them; the one that is meant is chosen already. */
export function teamLocals({ teams, noTeam }: Question) {
  return {
    no_team: noTeam,
    teams: teams?.map((team) => ({
      id: team.id,
      name: team.name,
      is_chosen: team.isPreferred,
      lacks: team.lacks.map(({ words, name }) => ({ words, name })),
    })),
  };
}

export function consentLocals(uid: string, account: Account, question: Question) {
  const { client } = question;
  return {
    client: {
      name: client.name,
      redirect_host: client.redirectHost,
      is_verified: client.isVerified,
      team_name: client.teamName,
      pages: client.pages,
      is_first_party: client.isFirstParty,
    },
    account: { name: account.name, email: account.email },
    groups: groupLocals(question),
    ...teamLocals(question),
    access_seconds: question.accessTokenSeconds,
    offline: question.canRefresh,
    action: `/interaction/${uid}/consent`,
    switch_action: `/interaction/${uid}/consent`,
  };
}

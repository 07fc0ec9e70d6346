// On behalf of which team an app is to act: the choice that stands beside the scopes, on the consent page and on a device's.
import type { Config } from '../../config/schema.ts';
import type { Account } from '../accounts/accounts.ts';
import { Refusal } from '../errors.ts';
import type { Grants } from '../grants/grants.ts';
import type { Rights } from '../teams/rights.ts';
import type { TeamOfPerson } from '../teams/team.ts';
import type { Teams } from '../teams/teams.ts';
import { createMayHold, listEligible, type MayHold, needsTeam } from './acting.ts';
import type { Catalog } from './catalog.ts';
import { type AskedScope, markChosen, type Question, type TeamChoice } from './question.ts';

const NO_TEAM =
  'This app acts for a team, and you are in none that may allow it. Ask an owner of a team to invite you, or make a team of your own. Then start again in the app.';
const NO_TEAM_TO_MAKE =
  'This app acts for a team, and you are in none that may allow it. Ask an owner of a team to invite you. Then start again in the app.';

export type TeamQuestionParts = {
  config: Pick<Config, 'teams'>;
  rights: Rights;
  teams: Pick<Teams, 'listOf'>;
  grants: Pick<Grants, 'findConsentTeam'>;
};

/** Teams that may be chosen (undefined: none is asked for), the one that is meant unless another is chosen, and what may be asked. */
export type Choosing = {
  readonly eligible: readonly TeamOfPerson[] | undefined;
  readonly preferred: TeamOfPerson | undefined;
  readonly mayHold: MayHold;
};

/** What a person said: of the scopes by their place in the question as it was shown, and of the team where one was asked for. */
export type TeamAnswer = {
  readonly isChosen: (scope: AskedScope, index: number) => boolean;
  readonly teamId: string | undefined;
};

type Settled<Asked> = {
  readonly settled: Asked;
  readonly teamId: string | undefined;
  readonly isChosen: (scope: AskedScope) => boolean;
};

type Asking = { catalog: Catalog; account: Account; clientId: string };

function scopesOf(question: Question) {
  return question.groups.flatMap((group) => group.scopes);
}

export function createTeamQuestion({ config, rights, teams, grants }: TeamQuestionParts) {
  const noTeam = config.teams.made_by_people ? NO_TEAM : NO_TEAM_TO_MAKE;

  return {
    /** `everything`: the question as it would be with every right. */
    async look(everything: Question, { catalog, account, clientId }: Asking): Promise<Choosing> {
      const scopes = scopesOf(everything);
      const isAsked = scopes.some((scope) => needsTeam(catalog, scope));
      const own = isAsked ? await teams.listOf(account.id) : [];
      const eligible = listEligible(scopes, { rights, catalog, teams: own });
      const [first, ...others] = eligible ?? [];
      const last = others.length === 0 ? first?.id : await grants.findConsentTeam(account.id, clientId);
      const alone = createMayHold(rights, catalog, { person: account, team: undefined });
      return {
        eligible,
        preferred: eligible?.find(({ id }) => id === last),
        mayHold: (name, identifier) =>
          needsTeam(catalog, { name, identifier })
            ? (eligible ?? []).some((team) => rights.mayHoldInTeam(team, name))
            : alone(name, identifier),
      };
    },

    /** The question with the teams to choose from, and what each of them cannot be given. */
    addTeams<Asked extends Question>(question: Asked, choosing: Choosing, catalog: Catalog): Asked {
      if (choosing.eligible === undefined) return question;
      const scopes = scopesOf(question).filter((scope) => needsTeam(catalog, scope));
      const choices: TeamChoice[] = choosing.eligible.map((team) => ({
        ...{ id: team.id, name: team.name, isPreferred: team.id === choosing.preferred?.id },
        lacks: scopes.filter((scope) => !rights.mayHoldInTeam(team, scope.name)),
      }));
      return { ...question, teams: choices, noTeam: choices.length === 0 ? noTeam : undefined };
    },

    /**
     * The question on behalf of the team that was chosen, without what it cannot be given; as it is where none is asked for.
     * Refuses with access_denied where there is none to choose, and with invalid_request, at `team`, where none was chosen.
     */
    settle<Asked extends Question>(question: Asked, { teamId, isChosen }: TeamAnswer): Settled<Asked> {
      const chosen = { isChosen: markChosen(question, isChosen) };
      if (question.teams === undefined) return { settled: question, teamId: undefined, ...chosen };
      if (question.teams.length === 0) throw new Refusal('access_denied', { words: noTeam });
      const team = question.teams.find(({ id }) => id === teamId);
      if (team === undefined)
        throw new Refusal('invalid_request', { words: 'Please choose a team, or deny.', param: 'team' });
      const groups = question.groups.map((group) => ({
        ...group,
        scopes: group.scopes.filter((scope) => !team.lacks.includes(scope)),
      }));
      const settled = { ...question, groups: groups.filter(({ scopes }) => scopes.length > 0) };
      return { settled, teamId, ...chosen };
    },
  };
}

export type TeamQuestion = ReturnType<typeof createTeamQuestion>;

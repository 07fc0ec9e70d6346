// latchkey teams …: the options, and the answers in words.
import type { Command } from 'commander';
import { rowLimit } from './options.ts';
import type { Runner } from './runner.ts';
import {
  addToTeam,
  createTeam,
  deleteTeam,
  listTeams,
  removeFromTeam,
  renameTeam,
  setTeamPlan,
  setTeamRole,
  showTeam,
  type TeamWithMembers,
} from './team-commands.ts';
import { describeFields, describeMade, describeRows } from './text.ts';

const TEAM = 'the id of the team';
const ACCOUNT = 'the e-mail address or the id of the account';
const COLUMNS = ['id', 'name', 'plan', 'created_at'];
const MEMBER_COLUMNS = ['account_id', 'email', 'name', 'role', 'since_at'];

const EXAMPLES = `
Examples:
  latchkey teams create --name "Analytical Engines" --owner ada@example.com --plan pro
  latchkey teams add team_9dKs0Qm3Lw7eT1aa --account grace@example.com --role admin`;

function describeTeam({ members, ...team }: TeamWithMembers): string {
  return `${describeFields(team)}\n\n${describeRows(members, MEMBER_COLUMNS)}`;
}

export function addTeamCommands(program: Command, runner: Runner): void {
  const teams = program
    .command('teams')
    .description('teams, and who is in them')
    .addHelpText('after', EXAMPLES);
  addCreate(teams, runner);
  addLists(teams, runner);
  addMembers(teams, runner);
  addChanges(teams, runner);
}

function addCreate(teams: Command, runner: Runner): void {
  teams
    .command('create')
    .description('make a team with its first owner')
    .requiredOption('--name <name>', 'what people read')
    .requiredOption('--owner <account>', ACCOUNT)
    .option('--plan <plan>', 'one of the configuration; without it the default one')
    .action((options: { name: string; owner: string; plan?: string }) =>
      runner.runWithParts((parts) => createTeam(parts, options), {
        describe: (made) => describeMade('The team was made.', made),
      }),
    );
}

function addLists(teams: Command, runner: Runner): void {
  teams
    .command('list')
    .description('list teams, by id')
    .option('--account <account>', 'those of this account only')
    .option('--limit <number>', 'how many at most', rowLimit, 100)
    .option('--after <id>', 'go on after this id', '')
    .action((page: { account?: string; limit: number; after: string }) =>
      runner.runWithParts((parts) => listTeams(parts, page), {
        describe: (rows) => describeRows(rows, COLUMNS),
      }),
    );
  teams
    .command('show')
    .description('show one team with its members')
    .argument('<team>', TEAM)
    .option('--limit <number>', 'how many members at most', rowLimit, 100)
    .option('--after <account-id>', 'go on after this account', '')
    .action((team: string, page: { limit: number; after: string }) =>
      runner.runWithParts((parts) => showTeam(parts, team, page), { describe: describeTeam }),
    );
}

function addMembers(teams: Command, runner: Runner): void {
  teams
    .command('add')
    .description('put a person into a team, without an invitation')
    .argument('<team>', TEAM)
    .requiredOption('--account <account>', ACCOUNT)
    .requiredOption('--role <role>', 'one of teams.roles of the configuration')
    .action((team: string, options: { account: string; role: string }) =>
      runner.runWithParts((parts) => addToTeam(parts, team, options), { describe: describeTeam }),
    );
  teams
    .command('set-role')
    .description('give a member another role')
    .argument('<team>', TEAM)
    .requiredOption('--account <account>', ACCOUNT)
    .requiredOption('--role <role>', 'one of teams.roles of the configuration')
    .action((team: string, options: { account: string; role: string }) =>
      runner.runWithParts((parts) => setTeamRole(parts, team, options), { describe: describeTeam }),
    );
  teams
    .command('remove')
    .description('take a person out of a team; what acted for it in their name is dead')
    .argument('<team>', TEAM)
    .requiredOption('--account <account>', ACCOUNT)
    .action((team: string, options: { account: string }) =>
      runner.runWithParts((parts) => removeFromTeam(parts, team, options), { describe: describeTeam }),
    );
}

function addChanges(teams: Command, runner: Runner): void {
  teams
    .command('set-plan')
    .description('put a team on a plan of the configuration; without one it is the default plan')
    .argument('<team>', TEAM)
    .argument('[plan]', 'the name of the plan')
    .action((team: string, plan?: string) =>
      runner.runWithParts((parts) => setTeamPlan(parts, team, plan), { describe: describeFields }),
    );
  teams
    .command('rename')
    .description('give a team another name')
    .argument('<team>', TEAM)
    .requiredOption('--name <name>', 'what people read')
    .action((team: string, { name }: { name: string }) =>
      runner.runWithParts((parts) => renameTeam(parts, team, name), { describe: describeFields }),
    );
  teams
    .command('delete')
    .description('end a team for ever, with all that it owned')
    .argument('<team>', TEAM)
    .action((team: string) =>
      runner.runWithParts((parts) => deleteTeam(parts, team), {
        describe: (gone) => describeMade('The team was deleted.', gone),
      }),
    );
}

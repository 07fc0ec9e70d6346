// latchkey migrate and latchkey doctor: the options, and the answers in words.
import type { Command } from 'commander';
import type { Finding, SpokenFinding } from './finding.ts';
import { endRestored, type Restored } from './restored.ts';
import type { Runner } from './runner.ts';
import { visible } from './text.ts';

const MARKS: Readonly<Record<Finding['level'], string>> = {
  ok: 'ok     ',
  warning: 'WARNING',
  error: 'ERROR  ',
};

export function addMaintenanceCommands(program: Command, runner: Runner): void {
  program
    .command('migrate')
    .description('bring the schema of the database up to date; the server does so too when it starts')
    .action(() => runner.run(() => applyMigrations(runner), { describe: describeMigrations }));
  program
    .command('restored')
    .description(
      'after a backup was put back: end all access that stands in it, since nobody knows what was ended since',
    )
    .action(() => runner.runWithParts(endRestored, { describe: describeRestored }));
  program
    .command('doctor')
    .description('look at the whole deployment; the exit status is 1 where something is wrong')
    .addHelpText('after', '\nExample:\n  latchkey doctor --json')
    .action(async () => {
      const { examine, isSick } = await import('./doctor.ts');
      const { speak } = await import('./finding.ts');
      await runner.run(async () => (await examine(runner.door)).map(speak), {
        ...{ describe: describeFindings, isFailure: isSick },
      });
    });
}

async function applyMigrations({ door }: Runner): Promise<{ applied: string[] }> {
  const { database } = await door.loadConfig();
  const { migrate } = await import('../storage/migrate.ts');
  return { applied: await migrate(database.url) };
}

function describeMigrations({ applied }: { applied: string[] }): string {
  return applied.length === 0 ? 'The schema was up to date.' : `Applied:\n${applied.join('\n')}`;
}

function describeRestored({ clients, sessions, api_keys: keys }: Restored): string {
  return `Ended: all that was issued to ${clients} clients, ${sessions} sessions, and every code, link and invitation that waited.
${keys} API keys are disabled: \`latchkey api-keys enable\` those that are known to be good.
Passwords, blocked clients and disabled accounts are those of the backup.`;
}

function describeFindings(findings: readonly SpokenFinding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(({ check, level, words }) => {
      const lines = words.split('\n').map(visible);
      return `${MARKS[level]}  ${check.padEnd(width)}  ${lines.join(`\n${' '.repeat(width + 11)}`)}`;
    })
    .join('\n');
}

// The command line (npm run -s latchkey -- …): its groups of commands, and what becomes of its faults.
import { Command, CommanderError } from 'commander';
import { Refusal } from '../errors.ts';
import { addAccountCommands } from './account-wiring.ts';
import { addApiKeyCommands } from './api-key-wiring.ts';
import { addAuditCommands } from './audit-wiring.ts';
import { addClientCommands } from './client-wiring.ts';
import { addDeviceCommands } from './device-wiring.ts';
import { addGrantCommands } from './grant-wiring.ts';
import { addIssuerCommands } from './issuer-wiring.ts';
import { addLoginCommands } from './login-wiring.ts';
import { addMaintenanceCommands } from './maintenance-wiring.ts';
import { takeOptionsOnce } from './once.ts';
import { addResourceCommands } from './resource-wiring.ts';
import { createRunner, type Door } from './runner.ts';
import { addSecretCommands } from './secret-wiring.ts';
import { addServiceAccountCommands } from './service-account-wiring.ts';
import { addSigningKeyCommands } from './signing-key-wiring.ts';
import { addTeamCommands } from './team-wiring.ts';
import { addTokenCommands } from './token-wiring.ts';

const INTRODUCTION = `
Runs beside the server, on the same configuration and database (LATCHKEY_CONFIG, DATABASE_URL); login, whoami and
logout need neither, only the address of the issuer.
The answer is text, or one JSON value with --json. The exit status is 0, or 1 when something was refused or is wrong.

Examples:
  latchkey accounts create --email ada@example.com --name "Ada Lovelace" --admin --password-stdin < password.txt
  latchkey clients create --name Shop --type web --redirect-uri https://shop.example.com/callback --scope "openid email"
  latchkey resources create --identifier https://api.example.com --name Orders --scope "read:orders=See your orders"
  latchkey doctor

"latchkey" stands for: npm run -s latchkey --`;

// Help that was asked for is an answer; help instead of an answer is a fault.
const helpCodes = new Set(['commander.helpDisplayed', 'commander.version']);

/** Runs one command line (without node and the script) and answers the exit status. */
export async function runCommandLine(words: readonly string[], door: Door): Promise<0 | 1> {
  const program = new Command('latchkey');
  const isJson = () => program.opts<{ json?: boolean }>().json === true;
  const runner = createRunner(door, isJson);
  program
    .description(
      'What an operator may do with a Latchkey deployment, and a person at any issuer (login, whoami, logout).',
    )
    .option('--json', 'print exactly one JSON value; faults as JSON on standard error')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => door.write(text),
      writeErr: (text) => (isJson() ? undefined : door.writeError(text)),
      // Faults are printed below, in the way of all faults.
      outputError: () => undefined,
    })
    .addHelpText('after', INTRODUCTION);
  addAccountCommands(program, runner);
  addClientCommands(program, runner);
  addResourceCommands(program, runner);
  addIssuerCommands(program, runner);
  addServiceAccountCommands(program, runner);
  addTeamCommands(program, runner);
  addApiKeyCommands(program, runner);
  addGrantCommands(program, runner);
  addDeviceCommands(program, runner);
  addTokenCommands(program, runner);
  addSigningKeyCommands(program, runner);
  addSecretCommands(program, runner);
  addAuditCommands(program, runner);
  addMaintenanceCommands(program, runner);
  addLoginCommands(program, runner);
  takeOptionsOnce(program);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && helpCodes.has(error.code)) return 0;
    const isHelpInstead = error instanceof CommanderError && error.code === 'commander.help';
    if (isHelpInstead && !isJson()) return 1;
    runner.fail(
      isHelpInstead ? new Refusal('invalid_request', { words: 'Name a command; --help lists them.' }) : error,
    );
  }
  return runner.hasFailed() ? 1 : 0;
}

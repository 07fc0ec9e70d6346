// latchkey login, whoami and logout: the options, and the answers in words.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { nowSeconds } from '../clock.ts';
import { openBrowser } from './browser.ts';
import { createCredentials } from './credentials.ts';
import { IssuerFault } from './issuer.ts';
import type { DeviceCode } from './issuer-tokens.ts';
import { logIn, logOut, whoAmI } from './login-commands.ts';
import type { Runner } from './runner.ts';
import { describeFields, visible } from './text.ts';

const EXAMPLES = `
Examples:
  latchkey login
  latchkey login --issuer https://accounts.example.com --client-id my-tool --scope "openid email"

The tokens are kept in $XDG_CONFIG_HOME/latchkey/credentials.json (else ~/.config/latchkey/credentials.json),
which only you can read.`;

type LoginWords = { issuer?: string; clientId: string; scope?: string; browser: boolean };

export function addLoginCommands(program: Command, runner: Runner): void {
  program
    .command('login')
    .description('sign in at an issuer with a code that you enter in a browser (RFC 8628)')
    .option('--issuer <url>', 'where; otherwise the issuer of the configuration')
    .option('--client-id <id>', 'as which client', 'latchkey-cli')
    .option('--scope <scope>', 'what to ask for, separated by spaces; otherwise who you are')
    .option('--no-browser', 'do not open a browser')
    .addHelpText('after', EXAMPLES)
    .action((words: LoginWords) =>
      runner.run(() => signIn(runner, words), {
        describe: ({ issuer, file }) => `You are signed in at ${visible(issuer)}. The tokens are in ${file}.`,
      }),
    );
  program
    .command('whoami')
    .description('who you are at the issuer that you signed in to')
    .option('--issuer <url>', 'where; otherwise where you signed in last')
    .action(({ issuer }: { issuer?: string }) =>
      runner.run(async () => whoAmI(await openOutside(runner), issuer), { describe: describeFields }),
    );
  program
    .command('logout')
    .description('revoke your tokens, and forget them; the exit status is 1 where they could not be revoked')
    .option('--issuer <url>', 'where; otherwise where you signed in last')
    .action(({ issuer }: { issuer?: string }) =>
      runner.run(async () => logOut(await openOutside(runner), issuer), {
        describe: describeLogout,
        isFailure: ({ revoked }) => !revoked,
      }),
    );
}

async function openOutside({ door }: Runner) {
  const signal = door.person.interruption();

  async function wait(seconds: number): Promise<void> {
    try {
      await pause(seconds * 1000, undefined, { signal });
    } catch (cause) {
      throw new IssuerFault('cancelled', 'Cancelled.', { cause });
    }
  }

  const file = join(await door.person.findConfigFolder(), 'latchkey', 'credentials.json');
  return { credentials: createCredentials(file), pace: { signal, wait } };
}

async function signIn(runner: Runner, { issuer, clientId, scope, browser }: LoginWords) {
  const { door } = runner;
  const address = issuer ?? (await door.loadConfig()).issuer;
  return logIn(await openOutside(runner), {
    issuer: address,
    clientId,
    scope,
    onCode(code) {
      const { userCode, verificationUri, completeUri, endsAt } = code;
      runner.tell(
        {
          user_code: userCode,
          verification_uri: verificationUri,
          verification_uri_complete: completeUri ?? null,
          ends_at: endsAt,
        },
        () => describeCode(code),
      );
      if (browser && door.person.isTerminal()) openBrowser(completeUri ?? verificationUri);
    },
  });
}

function describeCode({ userCode, verificationUri, completeUri, endsAt }: DeviceCode): string {
  const minutes = Math.max(1, Math.round((endsAt - nowSeconds()) / 60));
  return [
    'To sign in, open this address in a browser:',
    `    ${visible(verificationUri)}`,
    'and enter this code:',
    `    ${visible(userCode)}`,
    ...(completeUri === undefined ? [] : ['or open this, which fills it in:', `    ${visible(completeUri)}`]),
    `Waiting up to ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} for you to allow it there; Ctrl-C stops.`,
  ].join('\n');
}

function describeLogout({ issuer, revoked, reason }: Awaited<ReturnType<typeof logOut>>): string {
  if (revoked) return `You are signed out at ${visible(issuer)}.`;
  return [
    `The tokens for ${visible(issuer)} were removed from this machine, but they could not be revoked:`,
    visible(reason ?? ''),
    'They are good until they expire, or until you remove the device on your account page there.',
  ].join('\n');
}

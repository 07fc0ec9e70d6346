// The doctor: looks at a deployment from its configuration to its audit log, and says what an operator should know. Changes nothing.
import type { Config } from '../../config/schema.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { describeFault } from './faults.ts';
import type { Finding } from './finding.ts';
import { checkFoundation } from './foundation-checks.ts';
import type { AdminParts } from './parts.ts';
import { checkRegistry } from './registry-checks.ts';
import type { Door } from './runner.ts';

const PAGE = 500;
const MOST_REPORTS = 100;

type World = Pick<Door, 'loadConfig' | 'isLoopbackHost' | 'open'>;

async function checkIssuer({ issuer }: Config, world: World): Promise<Finding> {
  const words = `Only this machine reaches ${issuer}. Set ISSUER to the public https address before others use it.`;
  return (await world.isLoopbackHost(new URL(issuer).hostname))
    ? { check: 'issuer', level: 'warning', words }
    : { check: 'issuer', level: 'ok', words: `Others know this server as ${issuer}.` };
}

async function checkMail({ issuer, mail }: Config, world: World): Promise<Finding> {
  const check = 'mail';
  if (mail.smtp_url !== undefined) return { check, level: 'ok', words: 'Messages go out by SMTP.' };
  if (await world.isLoopbackHost(new URL(issuer).hostname)) {
    return { check, level: 'ok', words: `There is no SMTP server; messages are shown at ${issuer}/mail.` };
  }
  const words = 'There is no SMTP server, so nobody can reset a password. Set LATCHKEY_SMTP_URL.';
  return { check, level: 'warning', words };
}

async function listAllClients(clients: Pick<Clients, 'list'>): Promise<Client[]> {
  const all: Client[] = [];
  for (;;) {
    const page = await clients.list({ after: all.at(-1)?.id ?? '', limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

async function readRegistry(parts: AdminParts) {
  return {
    config: parts.config,
    clients: await listAllClients(parts.clients),
    resources: await parts.resources.list(),
    hasAdministrator: await parts.accounts.hasAdministrator(),
    brokenChains: await parts.audit.findBreaks(),
    reports: await parts.audit.list({ type: 'device_code.reported', limit: MOST_REPORTS }),
    now: nowSeconds(),
  };
}

async function examineInside(world: World): Promise<Finding[]> {
  const parts = await world.open();
  try {
    return checkRegistry(await readRegistry(parts));
  } finally {
    await parts.close();
  }
}

/** Every finding, from the ground up; what rests on something broken is left out. */
export async function examine(world: World): Promise<Finding[]> {
  let config: Config;
  try {
    config = await world.loadConfig();
  } catch (error) {
    return [{ check: 'configuration', level: 'error', words: describeFault(error).error_description }];
  }
  const findings: Finding[] = [
    { check: 'configuration', level: 'ok', words: 'The configuration is valid.' },
    await checkIssuer(config, world),
    await checkMail(config, world),
    ...(await checkFoundation(config)),
  ];
  if (findings.some(({ level }) => level === 'error')) return findings;
  return [...findings, ...(await examineInside(world))];
}

export function isSick(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'error');
}

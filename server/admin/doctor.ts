// The doctor: looks at a deployment from its configuration to its audit log, and says what an operator should know. Changes nothing.
import type { Config } from '../../config/schema.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { listNodes } from '../storage/nodes.ts';
import { describeFault } from './faults.ts';
import type { Finding } from './finding.ts';
import { checkFoundation } from './foundation-checks.ts';
import { checkTrustedIssuers } from './issuer-checks.ts';
import { checkNodes } from './node-checks.ts';
import type { AdminParts } from './parts.ts';
import { checkRegistry } from './registry-checks.ts';
import type { Door } from './runner.ts';
import { checkSigningKeys } from './signing-key-checks.ts';
import { listBlockRows } from './store.ts';

const PAGE = 500;
const MOST_REPORTS = 100;
/** So many are read in the middle of the work. */
const MOST_CLIENTS = 1000;

type World = Pick<Door, 'loadConfig' | 'isLoopbackHost' | 'open'>;

/** Is this a name of this machine alone? */
type Here = { isLoopbackHost(hostname: string): boolean | Promise<boolean> };

async function checkIssuer({ issuer }: Config, world: Here): Promise<Finding> {
  const common = { check: 'issuer', values: { issuer } };
  const near =
    'Only this machine reaches {issuer}. Set ISSUER to the public https address before others use it.';
  return (await world.isLoopbackHost(new URL(issuer).hostname))
    ? { ...common, level: 'warning', sentence: near }
    : { ...common, level: 'ok', sentence: 'Others know this server as {issuer}.' };
}

async function checkMail({ issuer, mail }: Config, world: Here): Promise<Finding> {
  const check = 'mail';
  if (mail.smtp_url !== undefined) return { check, level: 'ok', sentence: 'Messages go out by SMTP.' };
  if (await world.isLoopbackHost(new URL(issuer).hostname)) {
    const sentence = 'There is no SMTP server; messages are shown at {issuer}/mail.';
    return { check, level: 'ok', sentence, values: { issuer } };
  }
  const sentence = 'There is no SMTP server, so nobody can reset a password. Set LATCHKEY_SMTP_URL.';
  return { check, level: 'warning', sentence };
}

async function listAllClients(clients: Pick<Clients, 'list'>): Promise<Client[]> {
  const all: Client[] = [];
  for (;;) {
    const page = await clients.list({ after: all.at(-1)?.id ?? '', limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** All but what takes long: the clients, and the chains of the audit log. */
async function readSurroundings(parts: AdminParts) {
  return {
    config: parts.config,
    resources: await parts.resources.list(),
    hasAdministrator: await parts.accounts.hasAdministrator(),
    reports: await listBlockRows(parts.database, { accountId: undefined, limit: MOST_REPORTS }),
    now: nowSeconds(),
  };
}

async function checkServers({ database }: Pick<AdminParts, 'database'>): Promise<Finding> {
  return checkNodes(await listNodes(database));
}

async function checkRotation({ signingKeys }: Pick<AdminParts, 'signingKeys'>): Promise<Finding> {
  return checkSigningKeys(await signingKeys.listPublished(), { ...signingKeys, now: nowSeconds() });
}

/**
 * What a running server can say of itself in the middle of its work: it reads a bounded number of
 * clients, neither the chains of the audit log nor the file, and asks nobody outside.
 */
export async function examineRunning(parts: AdminParts & Here): Promise<Finding[]> {
  const clients = await parts.clients.list({ after: '', limit: MOST_CLIENTS + 1 });
  const registry = { ...(await readSurroundings(parts)), clients: clients.slice(0, MOST_CLIENTS) };
  const findings = [
    await checkIssuer(parts.config, parts),
    await checkMail(parts.config, parts),
    // The chains were not read: nothing is said of them.
    ...checkRegistry({ ...registry, brokenChains: [] }).filter(({ check }) => check !== 'audit'),
    await checkRotation(parts),
    await checkServers(parts),
  ];
  if (clients.length <= MOST_CLIENTS) return findings;
  const sentence = 'Only the first {most, number} clients were looked at; latchkey doctor looks at all.';
  return [...findings, { check: 'clients', level: 'warning', sentence, values: { most: MOST_CLIENTS } }];
}

async function examineInside(world: World): Promise<Finding[]> {
  const parts = await world.open();
  try {
    const clients = await listAllClients(parts.clients);
    const registry = { ...(await readSurroundings(parts)), clients };
    const brokenChains = await parts.audit.findBreaks();
    return [
      ...checkRegistry({ ...registry, brokenChains }),
      await checkRotation(parts),
      await checkServers(parts),
      ...(await checkTrustedIssuers(parts)),
    ];
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
    return [{ check: 'configuration', level: 'error', sentence: describeFault(error).error_description }];
  }
  const findings: Finding[] = [
    { check: 'configuration', level: 'ok', sentence: 'The configuration is valid.' },
    await checkIssuer(config, world),
    await checkMail(config, world),
    ...(await checkFoundation(config)),
  ];
  if (findings.some(({ level }) => level === 'error')) return findings;
  return [...findings, ...(await examineInside(world))];
}

export function isSick(findings: readonly Pick<Finding, 'level'>[]): boolean {
  return findings.some(({ level }) => level === 'error');
}

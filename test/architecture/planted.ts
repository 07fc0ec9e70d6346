// A small clean tree, and one planted violation for every way to break a rule: each must be caught, and alone.

const header = '// What this is.\n';

/** What is allowed, so that a rule that forbids too much is noticed too. */
export const cleanTree: Record<string, string> = {
  'server/clock.ts': `export const now = () => Date.now();`,
  'server/errors.ts': `export class Refusal extends Error {}`,
  'server/secrets.ts': `import { randomBytes } from 'node:crypto';\nexport const key = () => randomBytes(32);`,
  'server/node-version.cjs': `process.stderr.write('too old');`,
  'server/app.ts': `import type { Config } from '../config/schema.ts';
import { load } from '../config/load.ts';
import { createTeams } from './teams/teams.ts';
import { routes } from './teams/routes.ts';
import { mount } from './interactions/routes.ts';`,
  'server/main.ts': `import { createApp } from './app.ts';\nimport { load } from '../config/load.ts';\nconsole.log(process.stdout);`,
  'server/cli.ts': `import { createApp } from './app.ts';\nimport manifest from '../package.json' with { type: 'json' };`,
  'server/observability/log.ts': `import pino from 'pino';\nprocess.stdout.write('');`,
  'server/storage/database.ts': `import knex, { type Knex } from 'knex';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { log } from '../observability/log.ts';
export const load = (name: string) => import(name);`,
  'server/web/views.ts': `import nunjucks from 'nunjucks';\nimport type { Config } from '../../config/schema.ts';`,
  'server/audit/store.ts': `import type { Knex } from 'knex';\nimport { database } from '../storage/database.ts';`,
  'server/audit/audit.ts': `import { store } from './store.ts';\nimport { Refusal } from '../errors.ts';`,
  'server/teams/teams.ts': `import { find } from '../accounts/accounts.ts';
import { type Config, type Limits } from '../../config/schema.ts';
/* a comment may say import x from '../protocol/provider.ts', Date.now(), console.log and process.env */
export const text = 'import pg from "pg"; Math.random()', page = \`new Date() \${text} trx.commit()\`;
export const shown = new Date(0).toISOString(), quoted = /['"\`]console.log/.test(text);
export const half = text.length / 2; // a slash that divides: '
export type Wide = { env: string; console: boolean };`,
  'server/teams/routes.ts': `import { createTeams } from './teams.ts';`,
  'server/accounts/accounts.ts': `import { limit } from '../rate-limits/limits.ts';`,
  'server/rate-limits/limits.ts': `import { page } from '../web/views.ts';\nimport { nowSeconds } from '../clock.ts';`,
  'server/protocol/provider.ts': `import Provider from 'oidc-provider';\nimport { keys } from '../signing-keys/signing-keys.ts';`,
  'server/signing-keys/signing-keys.ts': `import { record } from '../audit/audit.ts';`,
  'server/introspection/introspection.ts': `import { find } from '../api-keys/api-keys.ts';`,
  'server/api-keys/api-keys.ts': `import { teams } from '../teams/teams.ts';`,
  'server/admin/admin.ts': `import { introspect } from '../introspection/introspection.ts';\nimport { provider } from '../protocol/provider.ts';`,
  'server/interactions/routes.ts': `import { sign } from '../signing-keys/signing-keys.ts';`,
  'config/schema.ts': `import { z } from 'zod';`,
  'config/load.ts': `import { configSchema } from './schema.ts';\nimport { randomSecret } from '../server/secrets.ts';\nexport const port = process.env.PORT;`,
  'config/print-settings.ts': `process.stdout.write('');`,
  'migrations/0001-first.ts': `import type { Knex } from 'knex';\nimport { define } from '../server/storage/ddl.ts';`,
  'examples/api/server.mjs': `console.log(process.env.PORT, Date.now());`,
  'bench/introspection.ts': `import pg from 'pg';\nimport Provider from 'oidc-provider';`,
  'test/support/postgres.ts': `import pg from 'pg';`,
  'test/teams/teams.test.ts': `import { createApp } from '../../server/app.ts';\nimport { store } from '../../server/audit/store.ts';`,
};
for (const path of Object.keys(cleanTree)) cleanTree[path] = header + cleanTree[path];

/** The rule that must be heard, the file it is about, and its text. */
export type Planted = [rule: string, path: string, source: string];

const inAudit = (source: string): [string, string] => ['server/audit/planted.ts', header + source];
const inTeams = (source: string): [string, string] => ['server/teams/planted.ts', header + source];

export const planted: Planted[] = [
  // One import upwards or sideways for every floor.
  ['floors', 'server/observability/planted.ts', `${header}import { db } from '../storage/database.ts';`],
  ['floors', 'server/outbound/planted.ts', `${header}import { isLoopback } from '../web/address.ts';`],
  ['floors', 'server/storage/planted.ts', `${header}import { page } from '../web/views.ts';`],
  ['floors', 'server/web/planted.ts', `${header}import { db } from '../storage/database.ts';`],
  ['floors', ...inAudit(`import { page } from '../web/views.ts';`)],
  ['floors', 'server/rate-limits/planted.ts', `${header}import { record } from '../audit/audit.ts';`],
  ['floors', 'server/accounts/planted.ts', `${header}import { find } from '../clients/clients.ts';`],
  ['floors', 'server/clients/planted.ts', `${header}import { find } from '../resources/resources.ts';`],
  ['floors', 'server/resources/planted.ts', `${header}import { teams } from '../teams/teams.ts';`],
  [
    'floors',
    'server/signing-keys/planted.ts',
    `${header}import { provider } from '../protocol/provider.ts';`,
  ],
  ['floors', 'server/mail/planted.ts', `${header}import { find } from '../accounts/accounts.ts';`],
  ['floors', ...inTeams(`import { find } from '../clients/clients.ts';`)],
  ['floors', 'server/logout/planted.ts', `${header}import { list } from '../grants/grants.ts';`],
  ['floors', 'server/grants/planted.ts', `${header}import { send } from '../mail/mail.ts';`],
  ['floors', 'server/api-keys/planted.ts', `${header}import { list } from '../grants/grants.ts';`],
  [
    'floors',
    'server/service-accounts/planted.ts',
    `${header}import { keys } from '../api-keys/api-keys.ts';`,
  ],
  ['floors', 'server/team-apps/planted.ts', `${header}import { list } from '../grants/grants.ts';`],
  ['floors', 'server/protocol/planted.ts', `${header}import { find } from '../api-keys/api-keys.ts';`],
  [
    'floors',
    'server/introspection/planted.ts',
    `${header}import { provider } from '../protocol/provider.ts';`,
  ],
  ['floors', 'server/interactions/planted.ts', `${header}import { act } from '../admin/admin.ts';`],
  ['floors', 'server/management/planted.ts', `${header}import { login } from '../interactions/login.ts';`],
  ['floors', 'server/workspace/planted.ts', `${header}import { acts } from '../admin/acts.ts';`],
  ['floors', 'server/console/planted.ts', `${header}import { nouns } from '../management/nouns.ts';`],
  ['floors', 'server/admin/planted.ts', `${header}import { ask } from '../interactions/consent.ts';`],
  // Every way to write an import.
  ['floors', ...inAudit(`import type { Teams } from '../teams/teams.ts';`)],
  ['floors', ...inAudit(`import {\n  type Team,\n  // the list\n  teams,\n} from '../teams/teams.ts';`)],
  ['floors', ...inAudit(`import teams, { type Team } from "../teams/teams.ts";`)],
  ['floors', ...inAudit(`import * as teams from '../teams/teams.ts';`)],
  ['floors', ...inAudit(`import '../teams/teams.ts';`)],
  ['floors', ...inAudit(`import/* here */{teams}from'../teams/teams.ts'`)],
  ['floors', ...inAudit(`const teams = await import('../teams/teams.ts');`)],
  ['floors', ...inAudit(`const teams = \`\${await import(\`../teams/teams.ts\`)}\`;`)],
  ['floors', ...inAudit(`type Teams = import('../teams/teams.ts').Teams;`)],
  ['floors', ...inAudit(`const teams = require('../teams/teams.ts');`)],
  ['floors', ...inAudit(`const url = 'http://a'; import { teams } from '../teams/teams.ts';`)],
  ['floors', ...inAudit(`const quote = /'/; import { teams } from '../teams/teams.ts';`)],
  // The ground, the doors, the world outside.
  ['floors', 'server/clock.ts', `${header}import { log } from './observability/log.ts';`],
  ['floors', 'server/secrets.ts', `${header}import { Refusal } from './errors.ts';`],
  ['floors', ...inTeams(`import { run } from '../main.ts';`)],
  ['floors', ...inTeams(`import { seed } from '../../test/support/seed.ts';`)],
  ['floors', 'config/planted.ts', `${header}import { teams } from '../server/teams/teams.ts';`],
  ['floors', 'migrations/planted.ts', `${header}import { teams } from '../server/teams/teams.ts';`],
  ['app', ...inTeams(`import { createApp } from '../app.ts';`)],
  ['app', 'bench/planted.ts', `${header}import { createApp } from '../server/app.ts';`],
  ['config-type', ...inTeams(`import { limits } from '../../config/schema.ts';`)],
  ['config-type', ...inTeams(`import { type Config, limits } from '../../config/schema.ts';`)],
  ['config-type', ...inTeams(`import type { load } from '../../config/load.ts';`)],
  ['config-type', 'server/clock.ts', `${header}import { load } from '../config/load.ts';`],
  ['routes', ...inTeams(`import { routes } from './routes.ts';`)],
  ['routes', 'server/main.ts', `${header}import { routes } from './teams/routes.ts';`],
  ['store', ...inTeams(`import type { Store } from '../audit/store.ts';`)],
  ['store', ...inTeams(`import { store } from '../audit/events-store.ts';`)],
  ['store', 'server/app.ts', `${header}import { store } from './audit/store.ts';`],
  ['migrations', 'server/main.ts', `${header}import { up } from '../migrations/0001-first.ts';`],
  ['guests', 'examples/planted.ts', `${header}import type { Config } from '../config/schema.ts';`],
  ['guests', 'examples/planted.ts', `${header}import { nowSeconds } from '../server/clock.ts';`],
  ['aliases', ...inTeams(`import { find } from '#accounts';`)],
  ['aliases', ...inTeams(`import { find } from '@/accounts/accounts.ts';`)],
  ['computed', ...inTeams(`const part = await import(name);`)],
  ['computed', ...inTeams(`const part = await import(\`../\${name}/store.ts\`);`)],
  // Packages.
  ['packages', ...inTeams(`import type { Knex } from 'knex';`)],
  ['packages', 'server/app.ts', `${header}import knex from 'knex';`],
  ['packages', ...inTeams(`import pg from 'pg';`)],
  ['packages', 'migrations/planted.ts', `${header}import pg from 'pg';`],
  ['packages', ...inTeams(`import type { Configuration } from 'oidc-provider';`)],
  ['packages', ...inTeams(`import { errors } from 'oidc-provider/lib/helpers/errors.js';`)],
  ['packages', 'server/web/planted.ts', `${header}import nunjucks from 'nunjucks';`],
  ['packages', 'server/web/planted.ts', `${header}import pino from 'pino';`],
  ['packages', ...inTeams(`import { nanoid } from 'nanoid';`)],
  ['packages', ...inTeams(`import { env as surroundings } from 'node:process';`)],
  // Habits.
  ['environment', ...inTeams(`export const port = process.env.PORT;`)],
  ['environment', ...inTeams(`export const port = \`:\${process?.env.PORT}\`;`)],
  ['environment', ...inTeams(`const { env } = process;`)],
  ['environment', 'config/planted.ts', `${header}export const port = process.env['PORT'];`],
  ['environment', 'server/main.ts', `${header}export const port = process.env.PORT;`],
  ['time', ...inTeams(`export const at = Date.now();`)],
  ['time', ...inTeams(`export const now = Date.now;`)],
  ['time', ...inTeams(`export const at = new Date();`)],
  ['time', ...inTeams(`export const at = new Date( /* now */ ).getTime();`)],
  ['time', ...inTeams(`export const at = new Date;`)],
  ['time', ...inTeams(`export const at = Date();`)],
  ['time', ...inTeams(`export const at = performance.now();`)],
  ['time', ...inTeams(`import { performance as stopwatch } from 'node:perf_hooks';`)],
  ['time', ...inTeams(`export const at = process.hrtime.bigint();`)],
  ['time', 'migrations/planted.ts', `${header}export const at = (knex) => knex.fn.now();`],
  ['time', 'server/app.ts', `${header}export const at = Date.now();`],
  ['randomness', ...inTeams(`import { randomBytes as bytes } from 'node:crypto';`)],
  ['randomness', ...inTeams(`export const id = crypto.randomUUID();`)],
  ['randomness', ...inTeams(`import { randomInt } from 'node:crypto';`)],
  ['randomness', ...inTeams(`crypto.getRandomValues(new Uint8Array(8));`)],
  ['randomness', ...inTeams(`export const chance = Math.random();`)],
  ['console', ...inTeams(`console.log('here');`)],
  ['console', 'server/app.ts', `${header}const { log } = console;`],
  ['console', 'server/observability/planted.ts', `${header}globalThis.console.error('here');`],
  ['output', ...inTeams(`process.stdout.write('here');`)],
  ['output', 'server/app.ts', `${header}const { stderr } = process;`],
  // Shapes.
  ['re-exports', ...inTeams(`export { create } from './teams.ts';`)],
  ['re-exports', ...inTeams(`export * from './teams.ts';`)],
  ['re-exports', ...inTeams(`export * as teams from './teams.ts';`)],
  ['re-exports', ...inTeams(`export type { Teams } from './teams.ts';`)],
  ['re-exports', ...inTeams(`export {\n  create,\n} from './teams.ts';`)],
  ['re-exports', ...inTeams(`import { create } from './teams.ts';\nexport { create as make };`)],
  ['commit', ...inTeams(`await trx.commit();`)],
  ['commit', 'test/storage/planted.test.ts', `${header}await trx?.commit ();`],
  ['commit', 'server/storage/planted.ts', `${header}await transaction.commit();`],
  ['depth', 'server/teams/roles/planted.ts', header],
  ['depth', 'server/planted.ts', header],
  ['depth', 'server/planted/planted.ts', header],
  ['names', 'config/helpers/planted.ts', header],
  ['names', 'test/utils/planted.ts', header],
  ['names', 'examples/common/planted.mjs', header],
  ['names', 'test/lib/planted.ts', header],
  ['names', 'config/services/planted.ts', header],
  ['names', 'server/teams/index.ts', header],
  ['names', 'test/index.ts', header],
  ['lines', ...inTeams('export const a = 1;\n'.repeat(300))],
  ['lines', 'config/planted.ts', header + 'export const a = 1;\n'.repeat(300)],
  ['first-line', 'server/teams/planted.ts', `import { create } from './teams.ts';`],
  ['first-line', 'config/planted.ts', `\n${header}`],
  ['first-line', 'migrations/planted.ts', `//\nexport const a = 1;`],
];

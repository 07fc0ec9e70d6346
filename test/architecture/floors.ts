// Who may import whom, as data: the folders of server/ by floor, and what belongs to one place only.

export const GROUND_FILES = ['server/clock.ts', 'server/errors.ts', 'server/secrets.ts'];

export const DOORS = ['server/main.ts', 'server/cli.ts'];

/** Where everything is made: the parts that know no HTTP, and what answers requests. */
export const MAP = ['server/app.ts', 'server/foundation.ts', 'server/parts.ts', 'server/protocol-parts.ts'];

export const ROOT_FILES = [...GROUND_FILES, ...DOORS, ...MAP, 'server/node-version.cjs'];

/** They import nothing of ours, so they work only if the protocol does. */
export const GUESTS = ['examples/'];

const first = ['storage', 'web'];
const second = ['audit', 'rate-limits'];
const third = ['accounts', 'clients', 'resources', 'signing-keys', 'mail'];
const fourth = ['teams', 'grants'];
const fifth = ['api-keys', 'service-accounts', 'team-apps'];
const belowFifth = [...first, ...second];
const belowSeventh = [
  'outbound',
  ...first,
  ...second,
  ...third,
  ...fourth,
  ...fifth,
  'protocol',
  'introspection',
];

type Row = { floor: number; mayImport: string[] };

/** Beside what its row names, a folder may import itself, the ground, the Config type and observability. */
export const FLOORS: Record<string, Row> = {
  observability: { floor: 0, mayImport: [] },
  outbound: { floor: 0, mayImport: [] },
  storage: { floor: 1, mayImport: [] },
  web: { floor: 1, mayImport: [] },
  audit: { floor: 2, mayImport: ['storage'] },
  'rate-limits': { floor: 2, mayImport: ['storage', 'web'] },
  accounts: { floor: 3, mayImport: [...first, ...second] },
  clients: { floor: 3, mayImport: ['outbound', ...first, ...second] },
  resources: { floor: 3, mayImport: [...first, ...second] },
  'signing-keys': { floor: 3, mayImport: [...first, ...second] },
  mail: { floor: 3, mayImport: [...first, ...second] },
  teams: { floor: 4, mayImport: ['accounts', 'mail', ...first, ...second] },
  logout: { floor: 4, mayImport: ['clients', 'signing-keys', 'outbound', ...first, ...second] },
  grants: { floor: 4, mayImport: ['accounts', 'clients', 'resources', ...first, ...second] },
  'api-keys': {
    floor: 5,
    mayImport: ['accounts', 'clients', 'resources', 'teams', 'mail', 'outbound', ...belowFifth],
  },
  'service-accounts': {
    floor: 5,
    mayImport: ['accounts', 'clients', 'resources', 'teams', 'mail', 'outbound', ...belowFifth],
  },
  'team-apps': {
    floor: 5,
    mayImport: ['accounts', 'clients', 'resources', 'teams', ...belowFifth],
  },
  protocol: {
    floor: 6,
    mayImport: [...third, 'teams', 'grants', 'service-accounts', 'outbound', ...first, ...second],
  },
  introspection: { floor: 6, mayImport: ['outbound', ...first, ...second, ...third, ...fourth, ...fifth] },
  interactions: { floor: 7, mayImport: belowSeventh },
  admin: { floor: 7, mayImport: belowSeventh },
  workspace: { floor: 7, mayImport: belowSeventh },
  // Other doors to the acts of operators: for programs, and for administrators at a browser.
  management: { floor: 8, mayImport: [...belowSeventh, 'admin'] },
  console: { floor: 8, mayImport: [...belowSeventh, 'admin'] },
};

/** A place is a folder (with its slash), a file, or a pattern of paths. */
export type Place = string | RegExp;

const STORES = /^server\/[^/]+\/(?:[^/]+-)?store\.ts$/;

type Housed = { packages: string[]; places: Place[] };

export const PACKAGE_HOMES: Housed[] = [
  { packages: ['knex'], places: ['server/storage/', STORES, 'migrations/', 'test/', 'bench/'] },
  { packages: ['better-sqlite3', 'pg'], places: ['server/storage/', 'test/', 'bench/'] },
  { packages: ['oidc-provider'], places: ['server/protocol/', 'test/', 'bench/'] },
  { packages: ['nunjucks'], places: ['server/web/views.ts', 'test/'] },
  { packages: ['pino'], places: ['server/observability/', 'test/'] },
  { packages: ['uuid', 'nanoid'], places: ['server/secrets.ts'] },
  {
    packages: ['node:process', 'process', 'node:console', 'console'],
    places: ['test/', 'bench/', 'examples/'],
  },
];

type Habit = { rule: string; says: string; pattern: RegExp; places: Place[] };

/** What code says in one place only. Guests keep their own time and randomness: ours is closed to them. */
export const HABIT_HOMES: Habit[] = [
  {
    rule: 'environment',
    says: 'the environment is read in config/load.ts only',
    pattern: /\bprocess\s*(?:\?\.|\.)\s*env\b|\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/g,
    places: ['config/load.ts', 'examples/'],
  },
  {
    rule: 'time',
    says: 'the time comes from server/clock.ts only',
    pattern:
      /\bDate\s*(?:\?\.|\.)\s*now\b|\bnew\s+Date\b(?!\s*\(\s*[^)\s])|(?<!\bnew\s+)(?<![.\w$])Date\s*\(|\bperformance\s*(?:\?\.|\.)\s*(?:now|timeOrigin)\b|\bperformance\s+as\b|\bhrtime\b|\bTemporal\s*\.\s*Now\b|\bfn\s*\.\s*now\b/g,
    places: ['server/clock.ts', ...GUESTS],
  },
  {
    rule: 'randomness',
    says: 'randomness comes from server/secrets.ts only',
    pattern:
      /\b(?:randomBytes|randomUUID|randomInt|randomFill|randomFillSync|pseudoRandomBytes|getRandomValues)\b|\bMath\s*(?:\?\.|\.)\s*random\b/g,
    places: ['server/secrets.ts', ...GUESTS],
  },
  {
    rule: 'console',
    says: 'console is for server/cli.ts and server/main.ts only',
    pattern: /(?<![.\w$])console\b(?!\s*:)|\bglobalThis\s*\.\s*console\b/g,
    places: [...DOORS, 'examples/'],
  },
  {
    rule: 'output',
    // print-….ts are small programs of their own: they print the generated pages of docs/.
    says: 'standard output and error are for the doors, node-version.cjs, observability and print-….ts only',
    pattern:
      /\bprocess\s*(?:\?\.|\.)\s*(?:stdout|stderr)\b|\{[^{}]*\bstd(?:out|err)\b[^{}]*\}\s*=\s*process\b/g,
    places: [...DOORS, 'server/node-version.cjs', 'server/observability/', /\/print-[^/]+\.ts$/, 'examples/'],
  },
];

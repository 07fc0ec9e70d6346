// The rules of the house, checked on sources: floors, homes of packages and habits, shapes of files.
import { basename, dirname, posix } from 'node:path';
import {
  DOORS,
  FLOORS,
  GROUND_FILES,
  GUESTS,
  HABIT_HOMES,
  MAP,
  PACKAGE_HOMES,
  type Place,
  ROOT_FILES,
} from './floors.ts';
import { type Import, lineAt, listImports, maskSource } from './imports.ts';

type Module = { path: string; source: string; code: string; imports: Import[] };
type Finding = { line?: number; says: string };
type Rule = (module: Module) => Finding[];

const MAXIMUM_LINES = 300;
const VAGUE_FOLDERS = ['utils', 'helpers', 'common', 'lib', 'services'];

/** Every rule by its name. A message begins with the name of the rule it is about. */
const rules: Record<string, Rule> = {
  floors: onTargets(floorViolation),
  'config-type': onTargets(configViolation),
  app: onTargets(appViolation),
  routes: onTargets(routesViolation),
  store: onTargets(storeViolation),
  migrations: onTargets(migrationsViolation),
  guests: onTargets(guestViolation),
  aliases: checkAliases,
  computed: checkComputedImports,
  packages: checkPackages,
  're-exports': checkReExports,
  commit: checkCommit,
  depth: checkDepth,
  names: checkNames,
  lines: checkLines,
  'first-line': checkFirstLine,
  ...Object.fromEntries(HABIT_HOMES.map((habit) => [habit.rule, checkHabit(habit)])),
};

export const ruleNames: string[] = Object.keys(rules);

/** Answers one message per violation; `files` maps paths from the project's root (with slashes) to sources. */
export function findViolations(files: Map<string, string>): string[] {
  return [...files].flatMap(([path, source]) => {
    const code = maskSource(source);
    const module = { path, source, code, imports: listImports(source, code) };
    return Object.entries(rules).flatMap(([name, rule]) =>
      rule(module).map(({ line, says }) => `${name}: ${path}${line === undefined ? '' : `:${line}`} ${says}`),
    );
  });
}

type Edge = { from: string; to: string; isTypeOnly: boolean };

/** A rule about an import of one of our own files. */
function onTargets(judge: (edge: Edge) => string | undefined): Rule {
  return ({ path, imports }) =>
    imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .flatMap(({ specifier, isTypeOnly, line }) => {
        const to = posix.join(dirname(path), specifier);
        const says = judge({ from: path, to, isTypeOnly });
        return says === undefined ? [] : [{ line, says: `imports ${to}: ${says}` }];
      });
}

function floorViolation({ from, to }: Edge): string | undefined {
  if (isGuest(from)) return undefined;
  if (isIn(from, 'config/') && isIn(to, 'server/') && !GROUND_FILES.includes(to)) {
    return 'config/ may import the ground of server/ only';
  }
  if (
    isIn(from, 'migrations/') &&
    isIn(to, 'server/') &&
    !isIn(to, 'server/storage/') &&
    !GROUND_FILES.includes(to)
  ) {
    return 'migrations/ may import storage and the ground of server/ only';
  }
  if (isProduct(from) && !isProduct(to) && !DOORS.includes(from)) {
    return 'the program imports nothing from outside server/, config/ and migrations/';
  }
  if (!isIn(from, 'server/') || !isIn(to, 'server/')) return undefined;
  return insideServerViolation(from, to);
}

function insideServerViolation(from: string, to: string): string | undefined {
  if (DOORS.includes(to)) return 'nobody imports a door';
  if (GROUND_FILES.includes(from)) return 'the ground imports nothing of server/';
  const folder = folderOf(from);
  if (folder === undefined || GROUND_FILES.includes(to)) return undefined;
  const target = folderOf(to);
  // app.ts has a rule of its own.
  if (target === undefined || target === folder || target === 'observability') return undefined;
  const may = FLOORS[folder]?.mayImport ?? [];
  return may.includes(target) ? undefined : `${folder} may import ${['observability', ...may].join(', ')}`;
}

function configViolation({ from, to, isTypeOnly }: Edge): string | undefined {
  if (!isIn(from, 'server/') || isGuest(from) || !isIn(to, 'config/')) return undefined;
  if (DOORS.includes(from) || MAP.includes(from)) return undefined;
  if (to === 'config/schema.ts' && isTypeOnly) return undefined;
  return 'below app.ts, only types of config/schema.ts may be imported, with `import type`';
}

function appViolation({ from, to }: Edge): string | undefined {
  if (!MAP.includes(to) || DOORS.includes(from) || MAP.includes(from) || isIn(from, 'test/'))
    return undefined;
  return 'nobody imports app.ts and parts.ts but main.ts and cli.ts';
}

function routesViolation({ from, to }: Edge): string | undefined {
  if (!isIn(to, 'server/') || basename(to) !== 'routes.ts') return undefined;
  return from === 'server/app.ts' || isIn(from, 'test/') ? undefined : 'routes.ts is imported by app.ts only';
}

function storeViolation({ from, to }: Edge): string | undefined {
  if (!isIn(to, 'server/') || !/(?:^|-)store\.ts$/.test(basename(to))) return undefined;
  const isAtHome = dirname(from) === dirname(to) || isIn(from, 'test/');
  return isAtHome ? undefined : 'store.ts is imported from its own folder only';
}

function migrationsViolation({ from, to }: Edge): string | undefined {
  if (!isIn(to, 'migrations/')) return undefined;
  const isAtHome = ['server/storage/', 'migrations/', 'test/'].some((home) => isIn(from, home));
  return isAtHome ? undefined : 'migrations are imported by storage only';
}

function guestViolation({ from, to }: Edge): string | undefined {
  const home = GUESTS.find((guest) => isIn(from, guest));
  return home === undefined || isIn(to, home) ? undefined : `${home} imports nothing of ours`;
}

function checkAliases({ imports }: Module): Finding[] {
  return imports
    .filter(({ specifier }) => /^(?:[#~/]|@\/|file:|latchkey(?:\/|$))/.test(specifier))
    .map(({ specifier, line }) => ({ line, says: `imports ${specifier}: no path aliases` }));
}

function checkComputedImports({ path, imports }: Module): Finding[] {
  if (!isProduct(path) || isIn(path, 'server/storage/')) return [];
  return imports
    .filter(({ kind }) => kind === 'computed')
    .map(({ line }) => ({ line, says: 'an import names its file in plain text, or nobody can check it' }));
}

function checkPackages({ path, imports }: Module): Finding[] {
  return imports.flatMap(({ specifier, line }) => {
    const isOf = (name: string) => specifier === name || specifier.startsWith(`${name}/`);
    const homes = PACKAGE_HOMES.find(({ packages }) => packages.some(isOf))?.places;
    if (homes === undefined || isAt(path, homes)) return [];
    return [{ line, says: `imports ${specifier}: that is for ${homes.join(', ')} only` }];
  });
}

function checkHabit({ pattern, places, says }: (typeof HABIT_HOMES)[number]): Rule {
  return ({ path, code }) => {
    if (!(isProduct(path) || isGuest(path)) || isAt(path, places)) return [];
    return [...code.matchAll(pattern)].map((match) => ({ line: lineAt(code, match.index), says }));
  };
}

function checkReExports({ code, imports }: Module): Finding[] {
  const says = 'no re-exports: import it from where it is made';
  const direct = imports.filter(({ kind }) => kind === 're-export').map(({ line }) => ({ line, says }));
  const imported = new Set(imports.filter(({ kind }) => kind === 'import').flatMap(({ names }) => names));
  const lists = [...code.matchAll(/(?<![.\w$])export\s*(?:type\s*)?\{([^{}]*)\}(?!\s*from\b)/g)];
  const roundabout = lists.filter((match) =>
    (match[1] ?? '').split(',').some((name) =>
      imported.has(
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+/)[0] ?? '',
      ),
    ),
  );
  return [...direct, ...roundabout.map((match) => ({ line: lineAt(code, match.index), says }))];
}

/** Knex resolves commit() even when COMMIT failed: use a callback, or the unit of work. */
function checkCommit({ code }: Module): Finding[] {
  const calls = code.matchAll(/\b(?:\w*(?:trx|transaction)\w*|tx)\s*(?:\?\.|\.)\s*commit\s*\(/gi);
  return [...calls].map((match) => ({
    line: lineAt(code, match.index),
    says: 'commit() answers before it is known whether the commit held (H3)',
  }));
}

function checkDepth({ path }: Module): Finding[] {
  if (!isIn(path, 'server/')) return [];
  const parts = path.split('/');
  if (parts.length > 3) return [{ says: 'is three levels deep; server/ has two' }];
  if (parts.length === 2)
    return ROOT_FILES.includes(path) ? [] : [{ says: 'is not one of the files at the root of server/' }];
  const isKnown = folderOf(path) !== undefined && (isGuest(path) || FLOORS[parts[1] ?? ''] !== undefined);
  return isKnown ? [] : [{ says: 'is in a folder that has no floor' }];
}

function checkNames({ path }: Module): Finding[] {
  const vague = dirname(path)
    .split('/')
    .find((folder) => VAGUE_FOLDERS.includes(folder));
  const findings: Finding[] = vague === undefined ? [] : [{ says: `a folder named ${vague} says nothing` }];
  if (/^index\.[cm]?[jt]sx?$/.test(basename(path)))
    findings.push({ says: 'no index files: name it after what it is' });
  return findings;
}

function checkLines({ path, source }: Module): Finding[] {
  if (!(isIn(path, 'server/') || isIn(path, 'config/'))) return [];
  const count = source.replace(/\n$/, '').split('\n').length;
  return count > MAXIMUM_LINES ? [{ says: `has ${count} lines; ${MAXIMUM_LINES} are the most` }] : [];
}

function checkFirstLine({ path, source }: Module): Finding[] {
  if (!isProduct(path)) return [];
  return /^\/[/*]+[ \t]*\S/.test(source)
    ? []
    : [{ line: 1, says: 'the first line says in a comment what the file is' }];
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder);
}

function isAt(path: string, places: Place[]): boolean {
  return places.some((place) => {
    if (place instanceof RegExp) return place.test(path);
    return place.endsWith('/') ? isIn(path, place) : path === place;
  });
}

function isGuest(path: string): boolean {
  return GUESTS.some((guest) => isIn(path, guest));
}

function isProduct(path: string): boolean {
  return ['server/', 'config/', 'migrations/'].some((folder) => isIn(path, folder));
}

/** The folder of server/ a file is in; undefined for the files at its root. */
function folderOf(path: string): string | undefined {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1] : undefined;
}

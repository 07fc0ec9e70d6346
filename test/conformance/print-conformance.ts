// Prints docs/conformance.md from the titles of all tests: node test/conformance/print-conformance.ts > docs/conformance.md
import { clientAssertions, jwtBearer } from './rows/assertions.ts';
import { authorization } from './rows/authorization.ts';
import { logout, openidConnect, surroundings } from './rows/clients.ts';
import { devices } from './rows/devices.ts';
import { suiteRemarks, unproven } from './rows/marks.ts';
import { basicPlan, configPlan, formPostPlan, logoutPlans } from './rows/modules.ts';
import { administration, faults, holes, keysAndTeams } from './rows/operation.ts';
import { accounts, browser } from './rows/people.ts';
import type { Section } from './rows/section.ts';
import { bearer, introspection, refresh, revocation, tokenEndpoint } from './rows/tokens.ts';
import { readTitles, type Title } from './titles.ts';

export const sections: readonly Section[] = [
  ...[holes, authorization, tokenEndpoint, refresh, bearer, revocation, introspection],
  ...[jwtBearer, clientAssertions, devices, surroundings, openidConnect, logout],
  ...[accounts, browser, keysAndTeams, administration, faults],
];

export const plans: readonly Section[] = [basicPlan, configPlan, formPostPlan, logoutPlans];

export type Proofs = ReadonlyMap<string, readonly Title[]>;

/** The tests of each row: those with its id at the head of their title. */
export function collectProofs(titles: readonly Title[]): Proofs {
  const proofs = new Map<string, Title[]>();
  for (const title of titles) {
    if (title.isIdle) continue;
    for (const id of title.ids) proofs.set(id, [...(proofs.get(id) ?? []), title]);
  }
  return proofs;
}

/** The text of docs/conformance.md. */
export function printConformance(titles: readonly Title[] = readTitles()): string {
  const proofs = collectProofs(titles);
  const parts = [
    introduction,
    printSummary(proofs, titles),
    '## Rows\n',
    ...sections.map((section) => printSection(section, proofs)),
    '## Modules of the OpenID Foundation\n',
    modulesIntroduction,
    ...plans.map((section) => printSection(section, proofs)),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

const introduction = `# Conformance

<!-- Printed from the titles of the tests and test/conformance/rows/. Do not edit: node test/conformance/print-conformance.ts > docs/conformance.md -->

What is demanded of this server, row by row, and which tests prove it. A test proves a row by having its id at the head
of its title (\`test('A08: state comes back …')\`; several ids count for each), and every test of the suite passes, or
the build is red: so this page says what is claimed and where to look, and the test itself says how far the claim goes.

- **A number and files**: so many titles in these files below test/. A table of cases (\`test.each\`) counts as one.
- **open**: no test claims it yet. **open: later work**: it belongs to a part that is not there yet.
- **not applicable**: with the reason.

An id that no table here knows, and a page that is not what the titles say, fail test/conformance/printed.test.ts.
`;

const modulesIntroduction = `The certification suite runs against a public address; here its modules are done again as tests of our own, with a
relying party that checks what the suite checks (test/conformance/relying-party.ts). A remark says where the suite itself
would not print a plain "passed". The dynamic plan, front-channel logout and FAPI are not among them.
`;

function printSummary(proofs: Proofs, titles: readonly Title[]): string {
  const lines = [
    ['Rows', sections],
    ['Modules', plans],
  ].map(([name, among]) => {
    const ids = (among as readonly Section[]).flatMap(({ rows }) => Object.keys(rows));
    const proven = ids.filter((id) => proofs.has(id)).length;
    const without = ids.filter((id) => !proofs.has(id));
    const later = without.filter((id) => unproven[id]?.startsWith('open: later')).length;
    const outside = without.filter((id) => unproven[id]?.startsWith('not applicable')).length;
    const open = without.length - later - outside;
    return `| ${name} | ${ids.length} | ${proven} | ${open} | ${later} | ${outside} |`;
  });
  const claiming = titles.filter(({ ids, isIdle }) => ids.length > 0 && !isIdle).length;
  return [
    '| | all | proven | open | later work | not applicable |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    `${claiming} of ${titles.length} titles claim a row.`,
    '',
  ].join('\n');
}

function printSection({ title, rows }: Section, proofs: Proofs): string {
  const lines = Object.entries(rows).map(([id, says]) => {
    const cells = [id, says, printState(id, proofs)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [`### ${title}`, '', '| id | what it demands | state |', '| --- | --- | --- |', ...lines, ''].join(
    '\n',
  );
}

function printState(id: string, proofs: Proofs): string {
  const titles = proofs.get(id);
  const remark = suiteRemarks[id.replace(/^oidcc-(?:formpost-)?/, '')];
  if (titles === undefined) return unproven[id] ?? 'open';
  const files = [...new Set(titles.map(({ file }) => file))].map((file) => `\`${file}\``);
  return `${titles.length}: ${files.join(', ')}${remark === undefined ? '' : `; the suite ${remark}`}`;
}

if (import.meta.main) process.stdout.write(printConformance());

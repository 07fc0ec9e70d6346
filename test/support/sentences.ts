// The sentences of the catalogue where they are said: in the templates, and in the code whose words reach a page.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { events } from '../../server/audit/events.ts';
import { nouns } from '../../server/management/nouns.ts';
import { openidScopes } from '../../server/protocol/catalog.ts';
import { managementScopes, ownScopes } from '../../server/resources/management.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export type Said = { readonly sentence: string; readonly file: string };

function read(pattern: string): { file: string; source: string }[] {
  return globSync(pattern, { cwd: root })
    .sort()
    .map((file) => ({ file, source: readFileSync(`${root}${file}`, 'utf8') }));
}

export const templates = read('views/**/*.njk');

/** Folders that speak to programs and operators only. Where one gets pages it leaves this list. */
const SILENT = [
  ...['admin', 'audit', 'clients', 'introspection', 'logout', 'management', 'observability'],
  ...['outbound', 'resources', 'signing-keys', 'storage'],
];

/** Sentences for operators, who read them on the command line, in an answer to a program, or at the start. */
const FOR_OPERATORS =
  /^(server\/accounts\/account-import\.ts|server\/api-keys\/secret-scanning\.ts|server\/service-accounts\/(?:trusted-issuers|assertions)\.ts|server\/web\/listen\.ts|server\/cli\.ts|server\/main\.ts)$/;

/** What the doctor says is on a page too. */
const DOCTOR = /^server\/admin\/(doctor|issuer-checks|registry-checks|signing-key-checks|node-checks)\.ts$/;

const sources = read('server/**/*.ts').filter(
  ({ file }) =>
    DOCTOR.test(file) || (!FOR_OPERATORS.test(file) && !SILENT.includes(file.split('/')[1] ?? '')),
);

/** Of the table of refusals: these codes answer programs only. */
const FOR_PROGRAMS =
  /^ {2}(invalid_grant|invalid_client|invalid_token|invalid_dpop_proof|insufficient_scope|idempotency_key_reused): \{[^}]*\}/gm;

const comments = /^\s*(\/\/|\/?\*).*$/gm;
const text = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g;
const PHRASES = [
  /\b(?:render|fail)\(\s*[\w()]+,\s*'[\w/-]+',\s*'([^']+)'/g,
  /\['[\w-]+\/[\w-]+', '([^']+)'\] as const/g,
  /\bTITLE = '([^']+)'/g,
  /\b(?:words|title|button): '([^']+)'/g,
  /\bsay\(\s*'([^']+)'/g,
];
const TITLES = /\btitles: Readonly<[^=]+= \{([^}]*)\}/g;

function isSentence(words: string): boolean {
  return /^(?:[A-Z]|\{[a-z]+\} ).* .*[.?!]$/.test(words);
}

function matchesOf(source: string, pattern: RegExp): string[] {
  return [...source.matchAll(pattern)].map(([, ...groups]) => groups.find((one) => one !== undefined) ?? '');
}

function phrasesOf(source: string): string[] {
  const tables = matchesOf(source, TITLES).flatMap((table) => matchesOf(table, text));
  return [...PHRASES.flatMap((pattern) => matchesOf(source, pattern)), ...tables];
}

/** Whatever a template says by `t('…')` or `rich('…')`. */
export function sentencesOfTemplates(): Said[] {
  return templates.flatMap(({ file, source }) =>
    matchesOf(source, /\b(?:t|rich)\(\s*'([^']+)'/g).map((sentence) => ({ sentence, file })),
  );
}

/** Scopes and events in words, titles of pages, and every whole sentence in the code of a page: refusals and what stands beside them. */
export function sentencesOfCode(): Said[] {
  const ofPages = sources.flatMap(({ file, source }) => {
    const code = source.replace(comments, '').replace(FOR_PROGRAMS, '');
    const sentences = matchesOf(code, text).filter(isSentence);
    return [...phrasesOf(code), ...sentences].map((sentence) => ({ sentence, file }));
  });
  const tables = [
    ...Object.values({ ...openidScopes, ...managementScopes, ...ownScopes, ...events }),
    ...nouns.map(({ name }) => name),
  ];
  return [...ofPages, ...tables.map((sentence) => ({ sentence, file: 'a scope, event or noun' }))];
}

/** Sentences that are put together in code, where no catalogue can have them. */
export function gluedSentences(): Said[] {
  return sources.flatMap(({ file, source }) =>
    matchesOf(
      source.replace(comments, ''),
      /(?:words: |return |= )`(?!SELECT|INSERT|UPDATE|DELETE)([A-Z][^`]*\$\{[^`]*[.?!])`/g,
    ).map((sentence) => ({ sentence, file })),
  );
}

/** What a template says without asking the catalogue: letters outside of tags, and attributes that are read out. */
export function unsaidWords(): Said[] {
  return templates.flatMap(({ file, source }) => {
    const plain = source
      .replace(/\{% block page_class %\}[\w ]+/g, ' ')
      .replace(/\{#[\s\S]*?#\}|\{%[\s\S]*?%\}|\{\{(?:'[^']*'|[^'])*?\}\}|<!doctype html>/g, ' ')
      .replace(/<svg[\s\S]*?<\/svg>/g, ' ');
    const attributes = matchesOf(plain, /\b(?:aria-label|title|alt|placeholder)="([^"]+)"/g);
    const words = plain.replace(/<[^>]*>/g, '\n').split('\n');
    return [...attributes, ...words]
      .map((each) => each.trim())
      .filter((each) => /\p{L}/u.test(each) && !/^(?:latchkey [a-z]+ [a-z]+|\/[!-~]+$|[A-Z]+$)/.test(each))
      .map((sentence) => ({ sentence, file }));
  });
}

// The catalogues are complete: what a page or a mail says is in each of them, with the same places and the same markup.
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, test } from 'vitest';
import { loadCatalogues } from '../../server/web/words.ts';
import { type Element, findAll, parseHtml, textOf } from '../support/html.ts';
import { mailSamples, renderMailSamples } from '../support/render-mails.ts';
import { renderSample, samples } from '../support/render-pages.ts';
import {
  gluedSentences,
  sentencesOfCode,
  sentencesOfTemplates,
  templates,
  unsaidWords,
} from '../support/sentences.ts';

const said = new Map(
  [...sentencesOfTemplates(), ...sentencesOfCode()].map((one) => [one.sentence, one.file]),
);
const catalogues = [...loadCatalogues()].map(([locale, catalogue]) => ({ locale, catalogue }));

type Part = { type: number; value?: unknown; options?: Record<string, { value: Part[] }> };

const TEXT = 0;

/** The places of a message, those within plurals among them. */
function placesOf(message: string): string[] {
  const collect = (parts: Part[]): string[] =>
    parts.flatMap(({ type, value, options = {} }) => [
      ...(type === TEXT || typeof value !== 'string' ? [] : [value]),
      ...Object.values(options).flatMap((option) => collect(option.value)),
    ]);
  const { getAst } = new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true });
  return [...new Set(collect(getAst() as Part[]))].sort();
}

function markupOf(message: string): string[] {
  return [...message.matchAll(/<[^>]+>/g)].map(([tag]) => tag).sort();
}

/** Without what says of itself that it is in another language. */
function withoutOthers(element: Element, locale: string): Element {
  const children = element.children.flatMap((child) => {
    if (typeof child === 'string') return child;
    return (child.attributes.lang ?? locale) === locale ? withoutOthers(child, locale) : [];
  });
  return { ...element, children };
}

/** What of a sentence can be known again in a page: pieces of several words. */
function piecesOf(sentence: string): string[] {
  return sentence
    .split(/<code>[^<]*<\/code>|<[^>]+>|\{[^}]*\}/)
    .filter((piece) => piece.trim().split(' ').length >= 3);
}

test('enough is said for these tests to mean something', () => {
  expect(said.size).toBeGreaterThan(300);
  expect(catalogues.map(({ locale }) => locale)).toContain('de');
});

test('every word of a template is asked of the catalogue', () => {
  expect(unsaidWords()).toEqual([]);
  const asked = templates.flatMap(({ source }) => [...source.matchAll(/\b(?:t|rich)\(\s*([^'\s][^,)]*)/g)]);
  // Sentences that code has chosen, which sentencesOfCode finds there.
  expect(new Set(asked.map(([, what]) => what))).toEqual(
    new Set([
      ...['no_team', 'event.words', 'question.title', 'question.words', 'question.button'],
      ...['finding.title', 'finding.sentence', 'noun.name'],
    ]),
  );
});

test('no sentence is put together in code', () => {
  expect(gluedSentences()).toEqual([]);
});

describe.each(catalogues)('the catalogue of $locale', ({ locale, catalogue }) => {
  test('has every sentence that is said', () => {
    const missing = [...said].filter(([sentence]) => !Object.hasOwn(catalogue, sentence));
    expect(missing).toEqual([]);
  });

  test('has no sentence that nobody says', () => {
    expect(Object.keys(catalogue).filter((sentence) => !said.has(sentence))).toEqual([]);
  });

  test.each(Object.entries(catalogue))('%s', (english, other) => {
    expect(other.trim()).toBe(other);
    expect(other).not.toBe('');
    expect(placesOf(other)).toEqual(placesOf(english));
    expect(markupOf(other)).toEqual(markupOf(english));
    // The marks at the end tell what it is: a sentence, a question, or what is before a link.
    expect(/[.:?!]$/.exec(other)?.[0]).toBe(/[.:?!]$/.exec(english)?.[0]);
    expect(other.replace(/<[^>]+>/g, '')).not.toMatch(/"|\.\.\.| - | {2}/);
  });

  const foreign = Object.entries(catalogue)
    .filter(([english, other]) => english !== other)
    .flatMap(([english]) => piecesOf(english));

  test.each(Object.keys(samples))('the page %s is in it as a whole', (name) => {
    const root = parseHtml(renderSample(name, undefined, locale));
    expect(findAll(root, 'html')[0]?.attributes.lang).toBe(locale);
    const labels = findAll(root, '*').map(({ attributes }) => attributes['aria-label'] ?? '');
    const words = [textOf(withoutOthers(root, locale)), ...labels].join(' ');
    expect(foreign.filter((piece) => words.includes(piece))).toEqual([]);
    expect(words).not.toMatch(/\{[a-z]+\}|undefined/);
  });

  test.each(Object.keys(mailSamples))('the mail %s is in it as a whole', (name) => {
    for (const { subject, text, html } of renderMailSamples(name, locale)) {
      expect(html).toContain(`<html lang="${locale}">`);
      expect(subject).not.toBe(renderMailSamples(name, 'en')[0]?.subject);
      const words = `${subject} ${text}`;
      expect(foreign.filter((piece) => words.includes(piece))).toEqual([]);
      expect(words).not.toMatch(/\{[a-z]+\}|undefined|\n{3}/);
    }
  });
});

test('the tests above know a page that is not translated', () => {
  const words = textOf(parseHtml(renderSample('consent')));
  expect(
    piecesOf('{client} wants to use your account').filter((piece) => words.includes(piece)),
  ).toHaveLength(1);
});

// The words of pages and mails in a reader's language (OpenID Connect Core section 3.1.2.1 ui_locales, RFC 9110 section 12.5.4).
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IntlMessageFormat } from 'intl-messageformat';
import { parse } from 'yaml';
import { nowSeconds } from '../clock.ts';

const directory = new URL('../../views/words/', import.meta.url);

const SOURCE = 'en';
// How English writes a date here: the day first.
const DATES: Readonly<Record<string, string>> = { en: 'en-GB' };
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const AGES = [
  { unit: 'minute', fromSeconds: MINUTE, belowSeconds: HOUR },
  { unit: 'hour', fromSeconds: HOUR, belowSeconds: DAY },
  { unit: 'day', fromSeconds: DAY, belowSeconds: 30 * DAY },
] as const;
const DURATIONS = [
  { unit: 'day', seconds: DAY, fromSeconds: 2 * DAY },
  { unit: 'hour', seconds: HOUR, fromSeconds: HOUR },
  { unit: 'minute', seconds: MINUTE, fromSeconds: 0 },
] as const;
const MOST_TAGS = 10;

/** English sentence -> the same in another language; both are ICU messages: `{count, plural, one {…} other {…}}`. */
export type Catalogue = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;
/** Words of an operator: one text for all languages, or one each, English (`en`) among them. */
export type Localized = string | Readonly<Record<string, string>>;

/** For logs, programs and documents, which speak English. */
export function inEnglish(words: Localized): string {
  return typeof words === 'string' ? words : (words[SOURCE] ?? '');
}

export function allTexts(words: Localized): string[] {
  return typeof words === 'string' ? [words] : Object.values(words);
}

/** Language tags in the order in which they are wanted (OpenID Connect Core section 3.1.2.1). What is none chooses nothing. */
export function listTags(text: unknown): string[] {
  return typeof text === 'string' ? text.split(' ', MOST_TAGS) : [];
}

/** views/words/<language>.yaml, one file a language besides English, which stands where it is said. */
export function loadCatalogues(): ReadonlyMap<string, Catalogue> {
  const names = readdirSync(fileURLToPath(directory)).filter((name) => name.endsWith('.yaml'));
  return new Map(
    names.map((name) => [
      name.slice(0, -'.yaml'.length),
      parse(readFileSync(new URL(name, directory), 'utf8')) as Catalogue,
    ]),
  );
}

/** The address of another page of ours, in the same languages. */
export function withTags(path: string, tags: readonly string[]): string {
  if (tags.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ ui_locales: tags.join(' ') })}`;
}

function createLanguage(locale: string, catalogue: Catalogue) {
  const sentences = new Map(Object.entries(catalogue));
  // As many as there are sentences of ours with places: what others wrote is never a message.
  const messages = new Map<string, IntlMessageFormat>();
  const dates = new Intl.DateTimeFormat(DATES[locale] ?? locale, {
    ...{ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
    ...{ hourCycle: 'h23', timeZone: 'UTC', timeZoneName: 'short' },
  });
  const days = new Intl.DateTimeFormat(DATES[locale] ?? locale, {
    ...{ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' },
  });
  const ages = new Intl.RelativeTimeFormat(locale);

  function translate(english: string): string {
    return sentences.get(english) ?? english;
  }

  /** Undefined where braces do not match: then it is no sentence of ours, but what somebody wrote. */
  function messageOf(english: string): IntlMessageFormat | undefined {
    const known = messages.get(english);
    if (known !== undefined) return known;
    try {
      // Our own markup in a sentence is text to the formatter.
      const message = new IntlMessageFormat(translate(english), locale, undefined, { ignoreTag: true });
      messages.set(english, message);
      return message;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** A sentence of ours; what no catalogue has stays English. */
  function say(english: string, values?: Values): string {
    if (values === undefined) return translate(english);
    return String(messageOf(english)?.format(values) ?? translate(english));
  }

  /** `22 Nov 2026, 14:05 UTC`, as the language writes it. */
  function date(atSeconds: number): string {
    return dates.format(atSeconds * 1000);
  }

  /** '5 minutes ago'; what is older than 30 days is told by its date. */
  function ago(atSeconds: number): string {
    const seconds = nowSeconds() - atSeconds;
    if (seconds < MINUTE) return say('just now');
    const age = AGES.find(({ belowSeconds }) => seconds < belowSeconds);
    if (age === undefined) return say('on {date}', { date: days.format(atSeconds * 1000) });
    return ages.format(-Math.floor(seconds / age.fromSeconds), age.unit);
  }

  /** '8 hours': rounded to the largest unit that fits. */
  function duration(seconds: number): string {
    const { unit, seconds: each } =
      DURATIONS.find(({ fromSeconds }) => seconds >= fromSeconds) ?? DURATIONS[2];
    const count = Math.max(1, Math.round(seconds / each));
    return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
  }

  /** An operator's words. One text for all languages may be one of ours (the scopes of OpenID), which the catalogue has. */
  function pick(words: Localized | undefined): string {
    if (words === undefined || typeof words === 'string') return translate(words ?? '');
    return words[locale] ?? inEnglish(words);
  }

  return { locale, say, date, ago, duration, pick };
}

export type Language = ReturnType<typeof createLanguage>;

/** Languages by their tags; whoever asks for `de-AT` gets `de`. */
export function createWords(catalogues: ReadonlyMap<string, Catalogue> = loadCatalogues()) {
  const languages = new Map<string, Language>([[SOURCE, createLanguage(SOURCE, {})]]);
  for (const [locale, catalogue] of catalogues) languages.set(locale, createLanguage(locale, catalogue));

  function match(tag: string): Language | undefined {
    const lower = tag.toLowerCase();
    return languages.get(lower) ?? languages.get(lower.split('-')[0] ?? '');
  }

  return {
    /** Each by the name that it has for itself. */
    languages: [...languages.keys()].map((locale) => ({
      locale,
      name: new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale,
    })),

    /** The first that we speak of tags in the reader's order; English where there is none. */
    choose(tags: readonly string[]): Language {
      for (const tag of tags) {
        const found = match(tag);
        if (found !== undefined) return found;
      }
      return languages.get(SOURCE) as Language;
    },
  };
}

export type Words = ReturnType<typeof createWords>;

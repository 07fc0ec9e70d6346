// The pages: nunjucks templates of views/, escaping on, and the few words they share.
import { fileURLToPath } from 'node:url';
import nunjucks from 'nunjucks';
import type { Assets } from './assets.ts';
import { describeProgram } from './program.ts';
import { plain, plainHost, plainUrl } from './untrusted-text.ts';
import { createWords, type Language, type Localized, type Values, type Words } from './words.ts';

const directory = fileURLToPath(new URL('../../views/', import.meta.url));

export type Branding = {
  name: Localized;
  support_url?: string | undefined;
  privacy_url?: string | undefined;
  terms_url?: string | undefined;
};

export type Views = ReturnType<typeof createViews>;

type Escaping = { autoescape: boolean };

/** `render('interactions/consent', { page, … })` renders views/interactions/consent.njk; each template names its locals. */
export function createViews({
  branding,
  assets,
  words = createWords(),
  offers = { keys: true },
}: {
  branding: Branding;
  assets: Pick<Assets, 'urlFor'>;
  words?: Words;
  /** What the configuration has, for the navigation: a person may have keys of their own. */
  offers?: { keys: boolean };
}) {
  const english = words.choose([]);

  /** In templates `t('Sign in')` is a sentence in the reader's language, and `rich` one with markup of ours in it. */
  function createTemplates(language: Language, how: Escaping): nunjucks.Environment {
    // One each: a loader keeps what was compiled, with its escaping.
    const loader = new nunjucks.FileSystemLoader(directory, { noCache: false, watch: false });
    const templates = new nunjucks.Environment(loader, { ...how, trimBlocks: true, lstripBlocks: true });
    const filters = {
      plain,
      plainHost,
      plainUrl,
      scopeName,
      isoDate,
      date: language.date,
      ago: language.ago,
      duration: language.duration,
      program: (userAgent: string | undefined) => describeProgram(userAgent, language),
    };
    for (const [name, filter] of Object.entries(filters)) templates.addFilter(name, filter);
    const { name, ...links } = branding;
    templates.addGlobal('brand', { ...links, name: language.pick(name) });
    templates.addGlobal('offers', offers);
    templates.addGlobal('asset', assets.urlFor);
    templates.addGlobal('lang', language.locale);
    templates.addGlobal('t', language.say);
    templates.addGlobal('pick', language.pick);
    templates.addGlobal('rich', (english: string, values: Values = {}) => {
      // What a macro made stays as it is; all else is text.
      const escapeText = how.autoescape ? templates.getFilter('escape') : String;
      const escaped = Object.entries(values).map(([key, value]) => [
        key,
        typeof value === 'number' ? value : String(escapeText(value)),
      ]);
      return new nunjucks.runtime.SafeString(language.say(english, Object.fromEntries(escaped)));
    });
    return templates;
  }

  const made = new Map<string, nunjucks.Environment>();

  function templatesFor(language: Language, how: Escaping): nunjucks.Environment {
    const key = `${language.locale} ${how.autoescape}`;
    const templates = made.get(key) ?? createTemplates(language, how);
    made.set(key, templates);
    return templates;
  }

  function render(name: string, locals: Record<string, unknown>, language = english): string {
    return templatesFor(language, { autoescape: true }).render(`${name}.njk`, locals);
  }

  /** `renderText('mail/password-changed', …)` renders views/mail/password-changed.txt.njk, which is no HTML. */
  function renderText(name: string, locals: Record<string, unknown>, language = english): string {
    return templatesFor(language, { autoescape: false }).render(`${name}.txt.njk`, locals);
  }

  return { render, renderText, words };
}

/** Words for a scope that was registered without: `read:tasks` is 'Read tasks'. */
function scopeName(scope: unknown): string {
  const words = plain(scope)
    .replace(/[:._/-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function isoDate(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString().replace('.000', '');
}

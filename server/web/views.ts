// The pages: nunjucks templates of views/, escaping on, and the few words they share.
import { fileURLToPath } from 'node:url';
import nunjucks from 'nunjucks';
import { nowSeconds } from '../clock.ts';
import type { Assets } from './assets.ts';
import { plain, plainHost, plainUrl } from './untrusted-text.ts';

const directory = fileURLToPath(new URL('../../views/', import.meta.url));

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export type Branding = {
  name: string;
  support_url?: string | undefined;
  privacy_url?: string | undefined;
  terms_url?: string | undefined;
};

export type Views = ReturnType<typeof createViews>;

/** `render('interactions/consent', { page, … })` renders views/interactions/consent.njk; each template names its locals. */
export function createViews({ branding, assets }: { branding: Branding; assets: Pick<Assets, 'urlFor'> }) {
  function createTemplates(how: { autoescape: boolean }): nunjucks.Environment {
    // One each: a loader keeps what was compiled, with its escaping.
    const loader = new nunjucks.FileSystemLoader(directory, { noCache: false, watch: false });
    const templates = new nunjucks.Environment(loader, { ...how, trimBlocks: true, lstripBlocks: true });
    const filters = { plain, plainHost, plainUrl, scopeName, date, isoDate, ago };
    for (const [name, filter] of Object.entries(filters)) templates.addFilter(name, filter);
    templates.addGlobal('brand', branding);
    templates.addGlobal('asset', assets.urlFor);
    return templates;
  }

  const pages = createTemplates({ autoescape: true });
  const texts = createTemplates({ autoescape: false });

  function render(name: string, locals: Record<string, unknown>): string {
    return pages.render(`${name}.njk`, locals);
  }

  /** `renderText('mail/password-changed', …)` renders views/mail/password-changed.txt.njk, which is no HTML. */
  function renderText(name: string, locals: Record<string, unknown>): string {
    return texts.render(`${name}.txt.njk`, locals);
  }

  return { render, renderText };
}

/** Words for a scope that was registered without: `read:tasks` is 'Read tasks'. */
function scopeName(scope: unknown): string {
  const words = plain(scope)
    .replace(/[:._/-]+/g, ' ')
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** '22 Nov 2026, 14:05 UTC' */
function date(atSeconds: number): string {
  const text = new Date(atSeconds * 1000).toUTCString();
  return `${Number(text.slice(5, 7))} ${text.slice(8, 16)}, ${text.slice(17, 22)} UTC`;
}

function isoDate(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString().replace('.000', '');
}

/** '5 minutes ago'; what is older than 30 days is told by its date. */
function ago(atSeconds: number): string {
  const age = nowSeconds() - atSeconds;
  if (age < MINUTE) return 'just now';
  if (age < HOUR) return count(age / MINUTE, 'minute');
  if (age < DAY) return count(age / HOUR, 'hour');
  if (age < 30 * DAY) return count(age / DAY, 'day');
  return `on ${date(atSeconds).split(',')[0]}`;
}

function count(number: number, unit: string): string {
  const whole = Math.floor(number);
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`;
}

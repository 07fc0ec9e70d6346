// What was typed into the form of a new key, as `apiKeys.create` wants it. What it means is judged there.
import type { WantedTerms } from '../api-keys/key-terms.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Parameters } from '../web/parameters.ts';

const DAY_SECONDS = 86_400;

/** Days, as the form offers them; beside them a date, and no end. */
export const LIVES: readonly number[] = [7, 30, 90, 365];

function readDate(text: string): number {
  const startOfDay = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(startOfDay))
    throw new Refusal('invalid_request', {
      words: 'Please give the day on which it ends.',
      param: 'expires_on',
    });
  // To the end of that day.
  return startOfDay / 1000 + DAY_SECONDS;
}

export function readEnd({ expires_at: chosen = '', expires_on: day = '' }: Parameters): number | undefined {
  if (chosen === 'date') return readDate(day);
  const days = LIVES.find((each) => String(each) === chosen);
  return days === undefined ? undefined : nowSeconds() + days * DAY_SECONDS;
}

/** Boxes that were ticked: `scope_0`, `scope_1`, … with the scopes as their values. */
export function readTicked(form: Parameters): string[] {
  return Object.entries(form)
    .filter(([field]) => /^scope_\d+$/.test(field))
    .map(([, scope]) => scope);
}

function readRights(form: Parameters): Pick<WantedTerms, 'scopes' | 'level'> {
  const { may = '' } = form;
  if (may === 'all') return { scopes: ['*'] };
  if (may.startsWith('level:')) return { level: may.slice('level:'.length) };
  const scopes = readTicked(form);
  if (scopes.length > 0) return { scopes };
  throw new Refusal('invalid_request', { words: 'Please choose what the key may do.', param: 'scope' });
}

export function readNewKey(form: Parameters): WantedTerms & { teamId: string | undefined } {
  const networks = (form.cidr ?? '').split(/[\s,]+/).filter((text) => text !== '');
  return {
    ...{ name: form.name ?? '', ...readRights(form), networks, expiresAt: readEnd(form) },
    ...{ resource: form.resource || undefined, teamId: form.team_id || undefined },
  };
}

// What was typed into the form of an app, as `teamApps` wants it. What it means is judged there.
import type { AppKind, AppSettings } from '../team-apps/app-terms.ts';
import type { Parameters } from '../web/parameters.ts';
import { readTicked } from './key-form.ts';

/** One a line; spaces are never in an address. */
function readLines(text = ''): string[] {
  return [...new Set(text.split(/\s+/).filter((line) => line !== ''))];
}

function readGrants(form: Parameters): string[] {
  return Object.entries(form)
    .filter(([field]) => /^grant_\d+$/.test(field))
    .map(([, grant]) => grant);
}

export function readSettings(form: Parameters): AppSettings {
  return {
    ...{ name: form.name ?? '', grants: readGrants(form), scopes: readTicked(form) },
    redirect_uris: readLines(form.redirect_uris),
    post_logout_redirect_uris: readLines(form.post_logout_redirect_uris),
    client_uri: form.client_uri?.trim() || null,
    policy_uri: form.policy_uri?.trim() || null,
    tos_uri: form.tos_uri?.trim() || null,
  };
}

/** Only what runs on a server of the team can keep a secret. */
export function readKind({ type = '', auth = '' }: Parameters): AppKind {
  const isServer = type === 'web' || type === 'service';
  return { type, auth: isServer && auth !== '' ? auth : 'none' };
}

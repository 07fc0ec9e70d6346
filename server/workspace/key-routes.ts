// /account/keys and /teams/:team/keys: the same pages for the keys of a person and of a team.
import type { MadeKey } from '../api-keys/api-keys.ts';
import { Refusal } from '../errors.ts';
import { paramOf } from '../web/parameters.ts';
import { readNewKey, readTicked } from './key-form.ts';
import {
  frameOf,
  getKey,
  homeOf,
  type KeyKind,
  loadKey,
  loadKeys,
  loadNewKey,
  ownerOf,
} from './key-pages.ts';
import { REVEAL_SECONDS } from './reveals.ts';
import type {
  ActRoute,
  Asked,
  PageRoute,
  QuestionRoute,
  WorkspaceParts,
  WorkspaceRoute,
} from './workspace-route.ts';

const HOUR_SECONDS = 3600;
const OVERLAP_HOURS: readonly number[] = [0, 1, 24];

function pathOfKey(kind: KeyKind, asked: Pick<Asked, 'params'>): string {
  return `${homeOf(kind, asked)}/${encodeURIComponent(paramOf(asked, 'key'))}`;
}

/** Makes a secret, keeps it in the same unit for the page that shows it, and answers the path of that page. */
async function reveal(
  { reveals }: WorkspaceParts,
  { kind, asked }: { kind: KeyKind; asked: Asked },
  make: (keep: (made: MadeKey) => void) => Promise<MadeKey>,
): Promise<string> {
  let ticket = '';
  const { key } = await make(({ key, secret }) => {
    ticket = reveals.keep(asked.account.id, key.id, secret);
  });
  return `${homeOf(kind, asked)}/${encodeURIComponent(key.id)}/secret/${ticket}`;
}

async function createKey(parts: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<string> {
  const wanted = readNewKey(asked.form);
  const owner = ownerOf(kind, asked);
  const teamId = kind === 'team' ? undefined : wanted.teamId;
  return reveal(parts, { kind, asked }, (keep) =>
    parts.apiKeys.create(asked.actor, { ...wanted, owner, teamId }, keep),
  );
}

async function rotateKey(parts: WorkspaceParts, kind: KeyKind, asked: Asked): Promise<string> {
  const key = await getKey(parts, kind, asked);
  const hours = OVERLAP_HOURS.find((each) => String(each) === asked.form.overlap_hours);
  if (hours === undefined)
    throw new Refusal('invalid_request', {
      words: 'Please choose how long the key of before stays good.',
      param: 'overlap_hours',
    });
  return reveal(parts, { kind, asked }, (alsoInUnit) =>
    parts.apiKeys.rotate(asked.actor, key, { overlapSeconds: hours * HOUR_SECONDS, alsoInUnit }),
  );
}

async function loadReveal(parts: WorkspaceParts, kind: KeyKind, asked: Asked) {
  const key = await getKey(parts, kind, asked);
  const frame = await frameOf(parts, kind, asked);
  const secret = await parts.reveals.take(asked.account.id, key.id, {
    ticket: paramOf(asked, 'ticket'),
    gone: 'The key was shown already, or you came too late for it. Rotate it to get another one.',
  });
  const { name, resource } = key;
  return { ...frame, key: { id: key.id, name, secret, resource }, life_seconds: REVEAL_SECONDS };
}

type Change = Parameters<WorkspaceParts['apiKeys']['change']>[2];

function readScopes({ form }: Asked): Change {
  return form.level ? { level: form.level } : { scopes: readTicked(form) };
}

const changes: Readonly<Record<string, (asked: Asked) => Change>> = {
  name: ({ form }) => ({ name: form.name ?? '' }),
  scopes: readScopes,
  disabling: () => ({ isDisabled: true }),
  enabling: () => ({ isDisabled: false }),
};

function changesOf(kind: KeyKind, one: PageRoute): ActRoute[] {
  return Object.entries(changes).map(([name, read]) => ({
    ...{ kind: 'act', path: `${one.path}/${name}`, shownOn: one },
    async act(parts, asked) {
      await parts.apiKeys.change(asked.actor, await getKey(parts, kind, asked), read(asked));
      return pathOfKey(kind, asked);
    },
  }));
}

function revocationOf(kind: KeyKind, one: PageRoute): QuestionRoute {
  return {
    ...{ kind: 'question', path: `${one.path}/revocation`, section: kind === 'team' ? 'teams' : 'keys' },
    title: 'Revoke this key?',
    words: 'Whatever uses it stops working at once, and it never comes back.',
    button: 'Revoke the key',
    back: (params) => pathOfKey(kind, { params }),
    subject: async (parts, asked) => (await getKey(parts, kind, asked)).name,
    async act(parts, asked) {
      await parts.apiKeys.revoke(asked.actor, await getKey(parts, kind, asked));
      return homeOf(kind, asked);
    },
  };
}

function pagesOf(kind: KeyKind, base: string) {
  const page = <const T extends Omit<PageRoute, 'kind'>>(route: T): PageRoute => ({ kind: 'page', ...route });
  const list = page({
    ...{ path: base, view: 'workspace/keys', title: 'API keys' },
    load: (parts, asked) => loadKeys(parts, kind, asked),
  });
  const making = page({
    ...{ path: `${base}/new`, view: 'workspace/new-key', title: 'New API key', isFresh: true },
    load: (parts, asked) => loadNewKey(parts, kind, asked),
  });
  const one = page({
    ...{ path: `${base}/:key`, view: 'workspace/key', title: 'API key' },
    load: (parts, asked) => loadKey(parts, kind, asked),
  });
  const shown = page({
    ...{
      path: `${base}/:key/secret/:ticket`,
      view: 'workspace/reveal',
      title: 'Copy your key now',
      isFresh: true,
    },
    load: (parts, asked) => loadReveal(parts, kind, asked),
  });
  return { list, making, one, shown };
}

export function keyRoutes(kind: KeyKind, base: string): readonly WorkspaceRoute[] {
  const { list, making, one, shown } = pagesOf(kind, base);
  return [
    ...[list, making, one, shown],
    {
      ...{ kind: 'act', path: making.path, shownOn: making, isFresh: true },
      act: (parts, asked) => createKey(parts, kind, asked),
    },
    {
      ...{ kind: 'act', path: `${one.path}/rotation`, shownOn: one, isFresh: true },
      act: (parts, asked) => rotateKey(parts, kind, asked),
    },
    ...changesOf(kind, one),
    revocationOf(kind, one),
  ];
}

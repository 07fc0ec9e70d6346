// Servers on one database: they must be the same issuer and have the same secrets file, and it is seen where their settings differ.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { checkNodes } from '../../server/admin/node-checks.ts';
import { createApp } from '../../server/app.ts';
import { randomKey } from '../../server/secrets.ts';
import { listNodes } from '../../server/storage/nodes.ts';
import { loadSettings } from '../config/load-text.ts';
import { createPlace, dialects, type Place } from './ground.ts';

const OURS = 'http://localhost:7777';
const THEIRS = 'https://id.example.com';

describe.each(dialects)('on %s', (dialect) => {
  let place: Place;
  beforeEach(async () => {
    place = await createPlace(dialect);
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await place.close();
  });

  async function create(settings: Record<string, unknown> = {}) {
    const config = loadSettings({
      ...{ issuer: OURS, listen: { port: 0, host: '127.0.0.1' }, log: { level: 'silent' } },
      ...{ database: { url: place.url }, secrets_file: join(place.directory, 'secrets') },
      ...settings,
    });
    const app = await createApp(config);
    let stop = app.close;
    onTestFinished(() => stop());
    return {
      app,
      async start(): Promise<void> {
        stop = (await app.start()).stop;
      },
      stop: () =>
        stop().finally(() => {
          stop = async () => undefined;
        }),
    };
  }

  test('F32: a server of another issuer does not start beside one that lives, and does once that one has stopped', async () => {
    const first = await create();
    await first.start();
    const second = await create({ issuer: THEIRS });
    await expect(second.start()).rejects.toThrow(
      `Another server runs on this database as ${OURS}, and this one would be ${THEIRS} (ISSUER)`,
    );
    expect((await listNodes(first.app.parts.database)).map(({ issuer }) => issuer)).toEqual([OURS]);
    await first.stop();
    await second.start();
  });

  test('F32: one that was killed is in the way for two and a half minutes and no longer', async () => {
    const killed = await create();
    await killed.start();
    const second = await create({ issuer: THEIRS });
    vi.setSystemTime(Date.now() + 149_000);
    await expect(second.start()).rejects.toThrow('wait 150 seconds');
    vi.setSystemTime(Date.now() + 2000);
    await second.start();
    expect((await listNodes(second.app.parts.database)).map(({ issuer }) => issuer)).toEqual([THEIRS]);
  });

  test('F32: other settings are seen by the doctor for as long as they differ', async () => {
    const first = await create();
    const second = await create({ people: { sign_up: false } });
    const { database } = first.app.parts;
    expect(checkNodes(await listNodes(database))).toMatchObject({ level: 'ok', sentence: 'No server runs.' });
    await first.start();
    await second.start();
    expect(checkNodes(await listNodes(database))).toMatchObject({ level: 'warning', values: { count: 2 } });
    await second.stop();
    expect(checkNodes(await listNodes(database))).toMatchObject({ level: 'ok', values: { count: 1 } });
  });

  test('F32: where it listens and how it logs is the affair of each', async () => {
    const first = await create();
    const second = await create({ log: { level: 'fatal' }, listen: { port: 0, host: 'localhost' } });
    await first.start();
    await second.start();
    expect(checkNodes(await listNodes(first.app.parts.database))).toMatchObject({
      level: 'ok',
      values: { count: 2 },
    });
  });

  test('F32: a server with other keys for cookies and tokens does not start: they come with the secrets file', async () => {
    await (await create()).start();
    const other = join(place.directory, 'others');
    writeFileSync(other, `${randomKey(32).toString('base64url')}\n`, { mode: 0o600 });
    await expect(create({ secrets_file: other })).rejects.toThrow('it is not the one they were sealed with');
  });
});

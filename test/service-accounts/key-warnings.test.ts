// What managers of a service account are told on both databases: that a key ends soon, and from where it was last at work (row G14).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createParts, type Parts } from '../../server/parts.ts';
import { addAccountKey } from '../../server/service-accounts/account-making.ts';
import { sql } from '../../server/storage/statement.ts';
import { createKeyWorld, type KeyWorld, OPERATOR, TRACKER } from '../api-keys/key-world.ts';
import { dialects } from '../storage/ground.ts';
import { createServiceAccount } from './accounts.ts';
import { createSigner } from './issuers.ts';

const DAY_SECONDS = 86_400;

function now(): number {
  return Math.floor(Date.now() / 1000);
}

describe.each(dialects)('on %s', (dialect) => {
  let world: KeyWorld;
  /** What another node has. */
  let elsewhere: Parts;

  beforeAll(async () => {
    world = await createKeyWorld({ settings: { mail: { operator: 'operator@example.com' } }, dialect });
    elsewhere = await createParts(world.app.config, { actor: 'operator' });
    await world.parts.database.transact(() => {
      world.parts.database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${world.ada.id}`);
      // Somebody else who manages the team, with an address that nobody has confirmed.
      world.parts.database.write(
        sql`UPDATE accounts SET email_verified_at = NULL WHERE id = ${world.grace.id}`,
      );
    });
    await world.parts.members.add(OPERATOR, { teamId: world.team.id, role: 'admin' }, world.grace);
  });
  afterEach(() => vi.useRealTimers());
  afterAll(async () => {
    await elsewhere?.close();
    await world?.close();
  });

  function setTime(seconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(seconds * 1000);
  }

  const look = () => Promise.all([world.parts, elsewhere].map((one) => one.serviceKeyWarnings.warnDue()));

  async function makeEnding(options: { teamId?: string; name: string }, lifeDays: number) {
    const account = await createServiceAccount(world, { ...options, scopes: ['read'] });
    const { jwk } = await createSigner();
    const kid = `key-of-${options.name}`;
    const terms = { kid, expiresAt: now() + lifeDays * DAY_SECONDS };
    const made = { account: await account.get(), terms, jwks: { keys: [jwk] } };
    await addAccountKey({ ...world.parts, config: world.app.config }, made, { actor: OPERATOR });
    return { ...account, kid };
  }

  async function mailsAbout(name: string) {
    await world.app.postOffice.deliverDue();
    const mails = world.app.postOffice.mailbox?.list() ?? [];
    return mails.filter(({ subject, text }) => subject.includes('service account') && text.includes(name));
  }

  test('14, 7 and 1 days before the end managers are told, each time once, whichever node looks first', async () => {
    const start = now();
    const { id } = await makeEnding({ teamId: world.team.id, name: 'Deploy' }, 30);
    const week = await makeEnding({ teamId: world.team.id, name: 'Weekly' }, 7);
    const told = async (account: string) => {
      const events = await world.parts.audit.list({ clientId: account, limit: 50 });
      return events.filter(({ type }) => type === 'service_account.key_ending').length;
    };
    const counts: number[] = [];
    for (const days of [0, 6, 15, 16, 23, 24, 29, 29, 31]) {
      setTime(start + days * DAY_SECONDS + 1);
      await look();
      counts.push(await told(id));
    }
    expect(counts).toEqual([0, 0, 0, 1, 2, 2, 3, 3, 3]);
    expect(await told(week.id), 'made with a week to live').toBe(1);
    const mails = await mailsAbout('Deploy');
    expect(mails.map(({ to }) => to)).toEqual(Array(3).fill('ada@example.com'));
    for (const words of [id, 'key-of-Deploy', `/teams/${world.team.id}/service-accounts/${id}`])
      expect(mails[0]?.text).toContain(words);
  });

  test('F30: an account whose row is damaged keeps no other one from being told of', async () => {
    const start = now();
    const damaged = await makeEnding({ name: 'Damaged' }, 30);
    const whole = await makeEnding({ name: 'Whole' }, 30);
    const first = [damaged.id, whole.id].toSorted()[0] ?? '';
    const write = (registration: string) =>
      world.parts.database.transact(() => {
        world.parts.database.write(
          sql`UPDATE clients SET registration = ${registration} WHERE id = ${first}`,
        );
      });
    const [kept] = await world.parts.database.list<{ registration: string }>(
      sql`SELECT registration FROM clients WHERE id = ${first} LIMIT 1`,
    );
    await write('{"exp":');
    setTime(start + 29 * DAY_SECONDS + 10);
    await look();
    const told = first === damaged.id ? 'Whole' : 'Damaged';
    expect(await mailsAbout(told)).toHaveLength(1);
    await write(kept?.registration ?? '');
    await Promise.all([damaged.remove(), whole.remove()]);
  });

  test('whoever was not told in time is told once; of a key that is disabled or gone nobody is', async () => {
    const start = now();
    const late = await makeEnding({ name: 'Late' }, 30);
    const off = await makeEnding({ name: 'Disabled' }, 30);
    await off.disableKey(off.kid);
    const gone = await makeEnding({ name: 'Removed' }, 30);
    await gone.remove();
    setTime(start + 29 * DAY_SECONDS + 10);
    await look();
    await look();
    expect((await mailsAbout('Late')).map(({ to }) => to)).toEqual(['operator@example.com']);
    expect(await mailsAbout('Disabled')).toEqual([]);
    expect(await mailsAbout('Removed')).toEqual([]);
    await late.remove();
    setTime(start + 32 * DAY_SECONDS);
    await world.parts.serviceKeyWarnings.sweep(now(), 100);
    expect(await world.parts.database.list(sql`SELECT * FROM warned_keys`)).toEqual([]);
  });

  test('G14: its use is noted with time, address and program, once a minute whoever asks', async () => {
    const account = await createServiceAccount(world, { scopes: ['read'] });
    const start = now();
    setTime(start);
    const jwt = account.sign({ aud: TRACKER });
    const ask = (program: string) => world.ask(jwt, { client_ip: '203.0.113.9', client_user_agent: program });
    const use = async () => {
      const { lastUsedAt, lastUsedAddress, lastUsedProgram } = await account.get();
      return [lastUsedAt, lastUsedAddress, lastUsedProgram];
    };
    for (const program of ['reports/1', 'reports/2', 'reports/3']) await ask(program);
    await vi.waitFor(async () => expect(await use()).toEqual([start, '203.0.113.9', 'reports/1']));
    setTime(start + 60);
    await ask('x'.repeat(400));
    await vi.waitFor(async () => expect(await use()).toEqual([start + 60, '203.0.113.9', 'x'.repeat(300)]));
  });
});

// Found keys can be killed: by whoever holds one (RFC 7009 without a client), and by a scanner's signed report.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { answers, startReceiver } from '../outbound/receiver.ts';
import { createKeyWorld, type KeyWorld } from './key-world.ts';

const scanner = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof scanner) => key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const URL_OF_LEAK = 'https://github.com/octocat/Hello-World/blob/main/foo.txt';

let world: KeyWorld;
beforeAll(async () => {
  world = await createKeyWorld({
    settings: {
      api_keys: { secret_scanning: { public_keys: [{ key_identifier: 'one', key: pem(scanner) }] } },
      limits: { 'api_key_revocation.network': { max: 20, window_seconds: 60 } },
    },
  });
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

async function mailsOf(subject: string) {
  await world.app.postOffice.deliverDue();
  return world.app.postOffice.mailbox?.list().filter((mail) => mail.subject === subject) ?? [];
}

async function lastEvent(type: string) {
  const [event] = await world.parts.audit.list({ type, limit: 1 });
  return event && { actor: event.actor, reason: event.reason, ...JSON.parse(event.details) };
}

test('whoever holds a key ends it, without saying who they are; the owner is told, and the log says by whom', async () => {
  const { key, secret } = await world.make({ name: 'Left on a train' });
  const answer = await world.post('/revoke', { token: secret });
  expect([answer.status, answer.text]).toEqual([200, '']);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
  expect(await lastEvent('api_key.revoked')).toMatchObject({
    ...{ actor: 'anonymous', reason: 'revoked_by_holder', key_id: key.id },
  });
  const [mail] = await mailsOf('An API key was revoked by somebody who holds it');
  expect(mail).toMatchObject({ to: 'ada@example.com' });
  expect(mail?.text).toContain('Left on a train');
  expect(mail?.text).not.toContain(secret);
  expect((await world.post('/revoke', { token: secret })).status, 'and again').toBe(200);
});

test('the key of a team is ended so too, and those who manage it and have confirmed their address are told', async () => {
  const { database } = world.parts;
  for (const [name, verifiedAt, to] of [
    ['Unproved', null, []],
    ['Deploys', 1, ['ada@example.com']],
  ] as const) {
    await database.transact(() =>
      database.write(sql`UPDATE accounts SET email_verified_at = ${verifiedAt} WHERE id = ${world.ada.id}`),
    );
    const { secret } = await world.make({ owner: world.ofTeam, name });
    const ended = await world.post('/revoke', { token: secret, token_type_hint: 'access_token' });
    expect([ended.status, (await world.ask(secret)).active]).toEqual([200, false]);
    const mails = await mailsOf('An API key was revoked by somebody who holds it');
    expect(mails.filter(({ text }) => text.includes(name)).map((mail) => mail.to)).toEqual(to);
  }
});

test('RFC 7009 section 2.2: a key that nobody has is no error, and what is no key needs a client as ever', async () => {
  const { text } = world.parts.keyFormats.create('personal');
  expect((await world.post('/revoke', { token: text })).status).toBe(200);
  const tokens = await world.signIn(world.notes);
  for (const token of [tokens.access_token, `${text.slice(0, -1)}?`, 'lka_x', ''])
    expect((await world.post('/revoke', { token })).status, token).toBeGreaterThanOrEqual(400);
  expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
});

test('a client that is named beside what is no key is judged as ever: a wrong secret is told as such', async () => {
  const { access_token: token } = await world.signIn(world.notes);
  const answer = await world.post('/revoke', { token, client_id: 'tracker', client_secret: 'wrong' });
  expect(answer.status).toBe(401);
  expect((await world.introspect(world.api, token)).body.active).toBe(true);
});

test('one network brings so many keys in a minute and no more; those that are none cost nothing', async () => {
  const { text } = world.parts.keyFormats.create('personal');
  const statuses: number[] = [];
  for (let count = 0; count < 25; count += 1)
    statuses.push((await world.post('/revoke', { token: text })).status);
  expect(statuses.at(-1)).toBe(429);
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(20);
});

function report(secrets: unknown, { key = scanner, id = 'one', at = world.app.port } = {}) {
  const body = typeof secrets === 'string' ? secrets : JSON.stringify(secrets);
  return fetch(`http://localhost:${at}/secret-scanning`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Github-Public-Key-Identifier': id,
      'Github-Public-Key-Signature': sign('sha256', Buffer.from(body), key.privateKey).toString('base64'),
    },
    body,
  });
}

test('a report that the scanner signed ends the keys in it and answers which they were, without repeating them', async () => {
  const { key, secret } = await world.make({ name: 'Published' });
  const unknown = world.parts.keyFormats.create('personal').text;
  const found = [secret, unknown, 'nonsense'].map((token) => ({ token, type: 'latchkey', url: URL_OF_LEAK }));
  const answer = await report(found);
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text).not.toContain(secret);
  const hashOf = (token: string) => createHash('sha256').update(token).digest('base64');
  expect(JSON.parse(text)).toEqual(
    found.map(({ token }) => ({
      token_hash: hashOf(token),
      token_type: 'latchkey',
      label: token === secret ? 'true_positive' : 'false_positive',
    })),
  );
  expect((await world.ask(secret)).inactive_reason).toBe('revoked');
  expect(await lastEvent('api_key.found')).toMatchObject({ actor: 'secret_scanner', key_id: key.id });
  const [mail] = await mailsOf('An API key was found in public');
  expect(mail?.text).toContain('It was revoked');
  expect(mail?.text).toContain(URL_OF_LEAK);
});

test('what somebody else signed, or nobody, or another body, ends nothing', async () => {
  const { secret } = await world.make();
  const found = [{ token: secret, type: 'latchkey', url: URL_OF_LEAK }];
  expect((await report(found, { key: stranger })).status).toBe(403);
  expect((await report(found, { id: 'two' })).status).toBe(403);
  const unsigned = await fetch(`http://localhost:${world.app.port}/secret-scanning`, {
    method: 'POST',
    body: JSON.stringify(found),
  });
  expect(unsigned.status).toBe(403);
  expect((await world.ask(secret)).active).toBe(true);
  expect((await report('{"not": "a list"}')).status).toBe(400);
  expect((await report('[')).status).toBe(400);
  expect((await report([null, 7, { token: 7 }])).status).toBe(200);
});

test('the scanner is asked for its keys where the configuration says so, and a notice alone leaves the key good', async () => {
  const receiver = await startReceiver();
  receiver.behave(
    answers.json({ public_keys: [{ key_identifier: 'two', key: pem(scanner), is_current: true }] }),
  );
  const scanning = { found: 'notify', public_keys_uri: receiver.url('/keys') };
  const notified = await createKeyWorld({
    settings: { api_keys: { secret_scanning: scanning }, outbound: { allowed_hosts: [receiver.host] } },
  });
  try {
    const { secret } = await notified.make();
    const found = [{ token: secret, type: 'latchkey', url: URL_OF_LEAK }];
    expect((await report(found, { id: 'two', at: notified.app.port })).status).toBe(200);
    expect((await report(found, { id: 'three', at: notified.app.port })).status).toBe(403);
    expect((await notified.ask(secret)).active).toBe(true);
    await notified.app.postOffice.deliverDue();
    expect(notified.app.postOffice.mailbox?.list()[0]?.text).toContain('Revoke it now');
  } finally {
    await notified.close();
    await receiver.close();
  }
});

test('a server that was not told of a scanner has no such address', async () => {
  const plain = await createKeyWorld();
  expect((await report([], { at: plain.app.port })).status).toBe(404);
  await plain.close();
});

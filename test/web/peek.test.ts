// A look at a body leaves it for whoever reads the stream afterwards, in however many pieces it comes.
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import { basic, createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Sends the pieces one after the other, each after the one before has left. */
function sendInPieces(pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.app.port, '127.0.0.1');
    let answer = '';
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    async function send(): Promise<void> {
      for await (const piece of Readable.from(pieces)) {
        await new Promise((sent) => socket.write(piece, sent));
        await new Promise((turn) => setImmediate(turn));
      }
    }
    send().catch(reject);
  });
}

function requestOf(body: string, headers: Record<string, string> = {}): string {
  const all = {
    Host: new URL(world.app.config.issuer).host,
    'Content-Type': 'application/x-www-form-urlencoded',
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /revoke HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

function split(text: string, count: number): string[] {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
}

test.each([1, 2, 7])(
  'the revocation of a public client reaches the engine whole, in %i pieces',
  async (count) => {
    const app = await world.registerClient({
      type: 'native',
      auth: 'none',
      redirectUris: ['com.example.app:/cb'],
    });
    const { access_token: token } = await world.signIn(app);
    const body = `token=${token}&client_id=${app.id}`;
    const answer = await sendInPieces(
      split(requestOf(body, { 'Content-Length': String(body.length) }), count),
    );
    expect(answer).toMatch(/^HTTP\/1.1 200/);
    expect((await world.introspect(world.api, token)).body.active).toBe(false);
  },
);

/** The body in chunks of its own (RFC 9112 section 7.1), and the last one by itself. */
function chunksOf(body: string, count: number): string[] {
  const chunks = split(body, count).map((text) => `${text.length.toString(16)}\r\n${text}\r\n`);
  return [...chunks.filter((chunk) => !chunk.startsWith('0')), '0\r\n\r\n'];
}

const CHUNKED = { 'Transfer-Encoding': 'chunked' };

test.each([1, 2, 7])('a body without a length reaches the engine whole too, in %i chunks', async (count) => {
  const app = await world.registerClient({
    type: 'native',
    auth: 'none',
    redirectUris: ['com.example.other:/cb'],
  });
  const { access_token: token } = await world.signIn(app);
  const chunks = chunksOf(`token=${token}&client_id=${app.id}`, count);
  const together = await sendInPieces([requestOf(chunks.join(''), CHUNKED)]);
  expect(together).toMatch(/^HTTP\/1.1 200/);
  expect((await world.introspect(world.api, token)).body.active).toBe(false);
  const { access_token: other } = await world.signIn(app);
  const apart = chunksOf(`token=${other}&client_id=${app.id}`, count);
  expect(await sendInPieces([requestOf('', CHUNKED), ...apart])).toMatch(/^HTTP\/1.1 200/);
  expect((await world.introspect(world.api, other)).body.active).toBe(false);
});

test.each([1, 3])(
  'V01: what is ended by whoever holds it is found in a body without a length, in %i chunks',
  async (count) => {
    const account = await createServiceAccount(world);
    const token = account.sign();
    expect((await world.introspect(world.api, token)).body.active).toBe(true);
    const chunks = chunksOf(`token=${token}`, count);
    expect(await sendInPieces([requestOf('', CHUNKED), ...chunks])).toMatch(/^HTTP\/1.1 200/);
    expect((await world.introspect(world.api, token)).body.active).toBe(false);
  },
);

test('T21: no more than the bound is read ahead of a body without a length, and the engine refuses it by its own', async () => {
  const account = await createServiceAccount(world);
  const token = account.sign();
  const padding = 'x'.repeat(57_344 - `token=${token}&x=`.length);
  const isActive = async () => (await world.introspect(world.api, token)).body.active;
  const tooLong = await sendInPieces([
    requestOf('', CHUNKED),
    ...chunksOf(`token=${token}&x=${padding}x`, 3),
  ]);
  expect([tooLong.slice(0, 12), await isActive()]).toEqual(['HTTP/1.1 400', true]);
  const longest = await sendInPieces([requestOf('', CHUNKED), ...chunksOf(`token=${token}&x=${padding}`, 3)]);
  expect([longest.slice(0, 12), await isActive()]).toEqual(['HTTP/1.1 200', false]);
});

test('an empty body in chunks stays a stream for the engine, with its end beside its head or after it', async () => {
  // What it says of a stream that somebody else has read to its end.
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (const pieces of [[requestOf('0\r\n\r\n', CHUNKED)], [requestOf('', CHUNKED), '0\r\n\r\n']]) {
    const answer = await sendInPieces(pieces);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('invalid_request');
  }
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('a sender who breaks off in the middle is no fault of the server', async () => {
  const socket = connect(world.app.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await new Promise((resolve) => socket.write(requestOf('token=lk_', { 'Content-Length': '100' }), resolve));
  socket.destroy();
  const { status } = await world.post('/revoke', { token: 'x' }, basic(world.notes));
  expect(status).toBe(200);
});

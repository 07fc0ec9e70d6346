// A look at a body leaves it for whoever reads the stream afterwards, in however many pieces it comes.
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('a body without a length is left alone, and the engine reads it', async () => {
  const app = await world.registerClient({
    type: 'native',
    auth: 'none',
    redirectUris: ['com.example.other:/cb'],
  });
  const { access_token: token } = await world.signIn(app);
  const body = `token=${token}&client_id=${app.id}`;
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const answer = await sendInPieces([requestOf(chunked, { 'Transfer-Encoding': 'chunked' })]);
  expect(answer).toMatch(/^HTTP\/1.1 200/);
  expect((await world.introspect(world.api, token)).body.active).toBe(false);
});

test('a sender who breaks off in the middle is no fault of the server', async () => {
  const socket = connect(world.app.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await new Promise((resolve) => socket.write(requestOf('token=lk_', { 'Content-Length': '100' }), resolve));
  socket.destroy();
  const { status } = await world.post('/revoke', { token: 'x' }, basic(world.notes));
  expect(status).toBe(200);
});

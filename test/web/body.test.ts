// Bodies: forms, parameters and JSON, and what is refused of them.
import { connect } from 'node:net';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formBody, jsonBody, readBody, readParameters } from '../../server/web/body.ts';
import { createTestApp, serve } from './support.ts';

const MAX_BYTES = 65_536;
const FORM = 'application/x-www-form-urlencoded';

let brokenOff = () => {};
const { app, entries } = createTestApp((mounted) => {
  const form = formBody(MAX_BYTES);
  const json = jsonBody(MAX_BYTES);
  mounted.use(async (ctx) => {
    if (ctx.path === '/form') {
      await form(ctx, async () => {
        ctx.body = { form: ctx.state.form, prototype: Object.getPrototypeOf(ctx.state.form) };
      });
    } else if (ctx.path === '/json') {
      await json(ctx, async () => {
        ctx.body = { json: ctx.state.json };
      });
    } else if (ctx.path === '/parameters') {
      ctx.body = [...(await readParameters(ctx, MAX_BYTES))];
    } else if (ctx.path === '/twice') {
      await readBody(ctx, MAX_BYTES);
      ctx.body = [...(await readParameters(ctx, MAX_BYTES))];
    } else if (ctx.path === '/stolen') {
      ctx.req.resume();
      await new Promise((resolve) => ctx.req.once('end', resolve));
      await readBody(ctx, MAX_BYTES);
    } else if (ctx.path === '/broken-off') {
      await readBody(ctx, MAX_BYTES).finally(() => brokenOff());
    }
  });
});

let port = 0;
let stop = () => {};
beforeAll(async () => {
  const served = await serve(app);
  port = served.port;
  stop = () => void served.server.close();
});
afterAll(() => stop());

function post(path: string, body: string, type = FORM) {
  const request = supertest(`http://127.0.0.1:${port}`).post(path).set('Host', 'id.example');
  return type === '' ? request : request.set('Content-Type', type).send(body);
}

test('a form is read: plus is a space, escapes are UTF-8, empty values and none are the empty text', async () => {
  const { body } = await post(
    '/form',
    'email=ada%40lovelace.example&name=Ada+L%C3%B6velace%2B&empty=&flag&&raw=é',
  );
  expect(body.form).toEqual({
    email: 'ada@lovelace.example',
    name: 'Ada Lövelace+',
    empty: '',
    flag: '',
    raw: 'é',
  });
  expect(body.prototype).toBeNull();
});

test.each(['email=a&email=b', 'email=a&em%61il=b', 'email&email'])(
  'S15 T05: a parameter that comes twice is refused (%s)',
  async (sent) => {
    for (const path of ['/form', '/parameters']) {
      const { body } = await post(path, sent).expect(400);
      expect(body).toMatchObject({ error: 'invalid_request', param: 'email' });
    }
  },
);

test.each([
  ['email[]=a', 'email[]'],
  ['email[0]=a', 'email[0]'],
  ['email%5B%5D=a', 'email[]'],
  ['__proto__=a', '__proto__'],
  ['__proto__[admin]=1', '__proto__[admin]'],
  ['constructor=a', 'constructor'],
  ['toString=a', 'toString'],
  ['=a', ''],
  ['a%00b=c', 'a\u0000b'],
])('S15: a page refuses the parameter of %s', async (sent, param) => {
  const { body } = await post('/form', sent).expect(400);
  expect(body).toMatchObject({ error: 'invalid_request', param });
});

test('S15: for an OAuth endpoint such names are unknown parameters, and inert', async () => {
  const { body } = await post('/parameters', '__proto__=a&constructor=b&token=c').expect(200);
  expect(body).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['token', 'c'],
  ]);
});

test.each(['a=%', 'a=%zz', 'a=%c3%28', 'a=%ff', '%ff=a', 'a=%ed%a0%80'])(
  'S15: broken escapes and broken UTF-8 are refused (%s)',
  async (sent) => {
    await post('/form', sent).expect(400);
  },
);

test('S15: raw bytes that are no UTF-8 are refused', async () => {
  const bytes = Buffer.from([0x61, 0x3d, 0xff]);
  const answer = await supertest(`http://127.0.0.1:${port}`)
    .post('/form')
    .set({ Host: 'id.example', 'Content-Type': FORM })
    .serialize(() => bytes as unknown as string)
    .send({});
  expect(answer.status).toBe(400);
});

test.each([
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  `${FORM}; charset=utf-16`,
  `${FORM}x`,
])('S15: a page takes forms only, not %s', async (type) => {
  await post('/form', 'a=b', type).expect(415);
  const { body } = await post('/parameters', 'a=b', type).expect(400);
  expect(body.error).toBe('invalid_request');
});

test('a form may name its charset, and an empty POST is an empty form', async () => {
  await post('/form', 'a=b', `${FORM}; charset="UTF-8"`).expect(200);
  const { body } = await post('/form', '', '').expect(200);
  expect(body.form).toEqual({});
});

test('S15: a compressed body is not unpacked', async () => {
  await post('/form', 'a=b').set('Content-Encoding', 'gzip').expect(415);
});

test('T21: a body at the limit is read, one byte more is refused at once', async () => {
  await post('/form', `a=${'b'.repeat(MAX_BYTES - 2)}`).expect(200);
  const { body } = await post('/form', `a=${'b'.repeat(MAX_BYTES - 1)}`).expect(413);
  expect(body.error).toBe('too_large');
});

test('T21: a body that tells no length is cut off at the limit', async () => {
  expect(await sendChunked(200_000, '0\r\n\r\n', 'close')).toMatch(/^HTTP\/1\.1 413/);
});

test('T21: whoever goes on sending for ever is cut off', async () => {
  await sendChunked(4_000_000, '', 'keep-alive');
});

test('T21: thousands of parameters are refused', async () => {
  const many = Array.from({ length: 300 }, (_, index) => `a${index}=1`).join('&');
  await post('/form', many).expect(413);
});

test('a body is there for whoever asks again', async () => {
  const { body } = await post('/twice', 'token=a').expect(200);
  expect(body).toEqual([['token', 'a']]);
});

test('a body that somebody else has read is a bug that shows, not a request that hangs', async () => {
  await post('/stolen', 'token=a').expect(500);
});

test('F25: a caller that breaks off in the middle of its body harms nobody and is no bug', async () => {
  const before = entries().length;
  const isOver = new Promise<void>((resolve) => {
    brokenOff = resolve;
  });
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(
      `POST /broken-off HTTP/1.1\r\nHost: id.example\r\nContent-Type: ${FORM}\r\nContent-Length: 100\r\n\r\na=b`,
      () => socket.destroy(),
    );
  });
  await isOver;
  await post('/form', 'a=b').expect(200);
  const events = entries().slice(before);
  expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  expect(events.filter(({ path }) => path === '/broken-off')).toHaveLength(1);
});

test('JSON is read, and refused when it is none, deep beyond reason, or means the prototype', async () => {
  const before = entries().length;
  const json = 'application/json; charset=utf-8';
  const { body } = await post('/json', '{"email":"ada@lovelace.example","n":[1]}', json).expect(200);
  expect(body.json).toEqual({ email: 'ada@lovelace.example', n: [1] });
  await post('/json', '{"email":', json).expect(400);
  await post('/json', '', json).expect(400);
  await post('/json', '['.repeat(30_000), json).expect(400);
  await post('/json', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, json);
  await post('/json', '{"a":{"__proto__":{"admin":true}}}', json).expect(400);
  await post('/json', '{"\\u005f_proto__":1}', json).expect(400);
  await post('/json', '{}', FORM).expect(415);
  expect(
    entries()
      .slice(before)
      .filter(({ level }) => level === 'error'),
  ).toEqual([]);
});

/** Answers once the server has closed the connection. */
function sendChunked(bytes: number, end: string, connection: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /form HTTP/1.1\r\nHost: id.example\r\nContent-Type: ${FORM}\r\nTransfer-Encoding: chunked\r\nConnection: ${connection}\r\n\r\n`,
    );
    for (let sent = 0; sent < bytes; sent += 10_000) socket.write(`2710\r\n${'b'.repeat(10_000)}\r\n`);
    socket.write(end);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

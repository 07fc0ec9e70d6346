// The robot itself: a helper that forgives what a browser would not makes every test that uses it worthless.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createFormRobot } from './form-robot.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function meet(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { robot: createFormRobot({ origin: 'https://id.example', port }), seen };
}

function page(main: string): string {
  return `<!doctype html><html><body><form action="/out"><button>Out</button></form><main>${main}</main></body></html>`;
}

const form = page(`<form action="/in"><input type="hidden" name="csrf" value="a&amp;b"><input name="email">
  <input type="checkbox" name="ticked" value="yes" checked><input type="checkbox" name="empty">
  <button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>`);

test('it names the host of the issuer, and says nothing of where it comes from unless told', async () => {
  const { robot, seen } = await meet((_request, response) => response.end());
  await robot.get('/');
  await robot.post('/', {});
  await robot.get('/', { headers: { Origin: 'https://evil.example' } });
  expect(seen.map(({ headers }) => headers.host)).toEqual(Array(3).fill('id.example'));
  const told = seen.slice(0, 2).flatMap(({ headers }) => Object.keys(headers));
  expect(told.filter((name) => /^(sec-|origin|referer)/.test(name))).toEqual([]);
  expect(seen[2]?.headers.origin).toBe('https://evil.example');
});

test('it keeps cookies for the path they are for, and forgets those that are over', async () => {
  const answers = [
    ['a=1; Path=/', 'b=2; Path=/in'],
    ['a=; Path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    [],
  ];
  const { robot, seen } = await meet((_request, response) => {
    response.setHeader('Set-Cookie', answers.shift() ?? []);
    response.end();
  });
  for (const path of ['/', '/in/side', '/inside', '/in']) await robot.get(path);
  expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'b=2; a=1', undefined, 'b=2']);
});

test('it sends what a browser would: hidden values, ticked boxes, what is typed, and the one button that is pressed', async () => {
  const bodies: string[] = [];
  const { robot } = await meet((_request, response, body) => {
    bodies.push(body);
    response.end(form);
  });
  const opened = await robot.get('/');
  await robot.submit(opened, { email: 'ada@example.com' }, { button: 'Allow' });
  await robot.submit(opened, { ticked: undefined, empty: 'on' }, { button: 'decision=deny' });
  expect(bodies.slice(1)).toEqual([
    'csrf=a%26b&email=ada%40example.com&ticked=yes&decision=allow',
    'csrf=a%26b&email=&empty=on&decision=deny',
  ]);
});

test('it fills in no field, presses no button and finds no form that is not there', async () => {
  const { robot } = await meet((_request, response) => response.end(form));
  const opened = await robot.get('/');
  expect(() => robot.submit(opened, { password: 'x' }, { button: 'Allow' })).toThrow('has no password');
  expect(() => robot.submit(opened, {}, { button: 'Maybe' })).toThrow('0 forms fit');
  expect(() => robot.submit(opened, {}, { action: '/elsewhere' })).toThrow('0 forms fit');
  expect(() => robot.submit(opened)).toThrow('which button?');
});

test('it follows redirects at home with GET and stops at the door', async () => {
  const ways: Record<string, string> = { '/one': '/two', '/two': 'https://app.example/cb?code=1' };
  const { robot, seen } = await meet((request, response) => {
    response.writeHead(303, { Location: ways[request.url ?? ''] ?? '/one' }).end();
  });
  const last = await robot.follow(await robot.post('/start', {}));
  expect(last).toMatchObject({
    status: 303,
    url: 'https://id.example/two',
    location: 'https://app.example/cb?code=1',
  });
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /start', 'GET /one', 'GET /two']);
});

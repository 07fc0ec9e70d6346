// The document of the API and its page: what they say is what the table says, and what the server answers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nouns, operations } from '../../server/management/nouns.ts';
import { describeApi } from '../../server/management/openapi.ts';
import { managementScopes } from '../../server/resources/management.ts';
import { findAll, parseHtml } from '../support/html.ts';
import { createManagementWorld, type ManagementWorld, makeTeam } from './support.ts';

type Json = Record<string, unknown>;

const document = describeApi({ issuer: 'https://id.example.com', name: 'Latchkey', nouns });
const components = document.components as Record<string, Record<string, Json>>;
const paths = document.paths as Record<string, Record<string, Json>>;

let world: ManagementWorld;
beforeAll(async () => {
  world = await createManagementWorld();
});
afterAll(() => world.close());

/** Every object in the document, with the way to it. */
function* walk(value: unknown, way = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [way, value as Json];
  for (const [name, inner] of Object.entries(value)) yield* walk(inner, `${way}/${name}`);
}

function resolve(ref: string): unknown {
  return ref
    .split('/')
    .slice(1)
    .reduce<unknown>((place, name) => (place as Json | undefined)?.[name], document);
}

describe('/openapi.json', () => {
  test('is served to everybody, as what was made from the table', async () => {
    const { status, body, headers } = await world.call('', 'GET', '/openapi.json');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(body.paths).toEqual(JSON.parse(JSON.stringify(paths)));
    expect(body.servers).toEqual([{ url: world.app.config.issuer }]);
    expect((await world.call('', 'POST', '/openapi.json')).status).toBe(405);
  });

  test('has the shape of OpenAPI 3.1: every reference leads somewhere, every component is used', () => {
    expect(Object.keys(document)).toEqual(['openapi', 'info', 'servers', 'tags', 'paths', 'components']);
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: expect.any(String), version: '1' } });
    const refs = [...walk(document)].flatMap(([, one]) => (typeof one.$ref === 'string' ? [one.$ref] : []));
    for (const ref of refs) expect(resolve(ref), ref).toBeDefined();
    for (const kind of ['schemas', 'responses', 'parameters'])
      for (const name of Object.keys(components[kind] ?? {}))
        expect(refs, `${kind} ${name}`).toContain(`#/components/${kind}/${name}`);
    for (const [way, one] of walk(components.schemas)) {
      expect(Object.keys(one), way).not.toEqual(expect.arrayContaining(['$schema']));
      expect(Object.keys(one), way).not.toContain('$defs');
    }
  });

  test('describes each operation of the table, and none beside it', () => {
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test.each(operations.map((one) => [one.id, one] as const))('%s: parameters, scope, answers', (id, one) => {
    const described = paths[one.path]?.[one.method] as Json;
    expect(described).toMatchObject({ operationId: id, summary: one.summary });
    const parameters = described.parameters as {
      name: string;
      in: string;
      required: boolean;
      $ref?: string;
    }[];
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name, required }) => [name, required])).toEqual(
      [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, true]),
    );
    expect(described.security).toEqual([{ clientCredentials: [one.scope] }, { administrator: [one.scope] }]);
    const answers = Object.keys(described.responses as Json);
    expect(answers).toEqual(expect.arrayContaining([String(one.status), '400', '401', '403', '429', '503']));
    expect(answers.includes('404')).toBe(inPath.length > 0);
    expect(one.method === 'post').toBe(parameters.some((parameter) => parameter.$ref !== undefined));
    expect(described.requestBody !== undefined).toBe(one.body !== undefined);
  });

  test('has an example of every body and answer but those of states, and each is one that the schemas let through', () => {
    const bare = operations.filter((one) => one.example === undefined).map((one) => one.id);
    for (const id of bare) expect(id).toMatch(/^(un)?(block|verify)|able|^delete|^revoke|^endSessions/);
    for (const { id, body, answer, example } of operations) {
      if (example?.body !== undefined) expect(body?.safeParse(example.body).error, id).toBeUndefined();
      if (example?.answer !== undefined) expect(answer?.safeParse(example.answer).error, id).toBeUndefined();
      expect(body !== undefined && example?.body === undefined, id).toBe(false);
    }
  });

  test('names every scope with words, and the ways to get a token', () => {
    const { clientCredentials, administrator } = components.securitySchemes as Record<string, Json>;
    expect(clientCredentials).toMatchObject({
      type: 'oauth2',
      flows: { clientCredentials: { tokenUrl: 'https://id.example.com/token', scopes: managementScopes } },
    });
    expect(administrator).toMatchObject({ flows: { authorizationCode: { scopes: managementScopes } } });
    const used = new Set(operations.map((one) => one.scope));
    expect([...used].sort()).toEqual(Object.keys(managementScopes).sort());
  });

  test('promises addition only: no answer forbids members that come one day, every body refuses unknown ones', () => {
    const schemas = components.schemas as Record<string, Json>;
    expect(schemas.NewClient?.additionalProperties).toBe(false);
    for (const name of ['Account', 'Client', 'ClientList', 'Error'])
      expect(schemas[name]).not.toHaveProperty('additionalProperties');
  });
});

describe('what the server answers', () => {
  const walkable: [string, string][] = [
    ['listAccounts', '/v1/accounts'],
    ['listClients', '/v1/clients'],
    ['listResources', '/v1/resources'],
    ['listAuditEvents', '/v1/audit-events?limit=100'],
    ['listIssuers', '/v1/issuers'],
    ['listServiceAccounts', '/v1/service-accounts'],
    ['listClientRequests', '/v1/client-requests'],
    ['listGrants', '/v1/grants'],
    ['listPlans', '/v1/plans'],
    ['listTeams', '/v1/teams'],
  ];

  test.each(walkable)('%s: is what its schema says, member by member', async (id, path) => {
    const issuer = { issuer: `https://${id}.example.com`, scopes: ['read:tasks'] };
    const keys = { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }] } };
    await world.call(world.right, 'POST', '/v1/issuers', { body: { ...issuer, ...keys } });
    const robot = { name: 'Reports', scopes: ['read:tasks'], make_key: true };
    await world.call(world.right, 'POST', '/v1/service-accounts', { body: robot });
    world.app.parts.clients.noteRequest('stranger');
    await world.app.parts.clients.flushRequests();
    await world.signIn(world.notes);
    await makeTeam(world);
    const { body } = await world.call(world.right, 'GET', path);
    expect((body.data as unknown[]).length).toBeGreaterThan(0);
    const { answer } = operations.find((one) => one.id === id) ?? {};
    expect(answer?.safeParse(body).error).toBeUndefined();
  });
});

test('/docs/api: the same for people, without a script, with every operation under its noun', async () => {
  const page = await world.app.robot().get('/docs/api');
  expect(page.status).toBe(200);
  const html = parseHtml(page.html);
  expect(findAll(html, 'script')).toEqual([]);
  expect(findAll(html, 'h1')).toHaveLength(1);
  expect(findAll(html, 'h3')).toHaveLength(operations.length);
  for (const { path, method, scope } of operations) {
    expect(page.html).toContain(`${method.toUpperCase()} ${path}`);
    expect(page.html).toContain(scope);
  }
});

// The API as a document (OpenAPI 3.1): from the same schemas that judge the requests.
import { z } from 'zod';
import { managementIdentifier, managementScopes } from '../resources/management.ts';
import type { Noun, Operation } from './operations.ts';
import { fault } from './schemas.ts';

type Json = Record<string, unknown>;
type Schemas = Record<string, Json>;

const PROMISE =
  'Paths, members, scopes, event names and error codes under /v1 change only by addition: expect members that you do not know.';

/** What may go wrong at each operation, and what is meant. */
const faults: Readonly<Record<string, readonly [status: number, words: string]>> = {
  Invalid: [400, 'The request is not valid; `param` names what is at fault.'],
  Unauthorized: [401, 'There is no access token, or it is not for this API, or it is over.'],
  Forbidden: [403, 'The access token has not the scope, or may not touch this.'],
  Missing: [404, 'There is no such thing.'],
  Conflict: [409, 'It exists already, or somebody else was faster.'],
  TooLarge: [413, 'The body is too large.'],
  NotJson: [415, 'The body is not application/json.'],
  KeyReused: [422, 'The Idempotency-Key came before, with another request.'],
  TooMany: [429, 'Too many requests; Retry-After says in how many seconds to come again.'],
  Unavailable: [
    503,
    'The server cannot do it right now; nothing was changed. Retry-After says when to come again.',
  ],
};

function faultsOf({ method, body, params }: Operation): string[] {
  return Object.keys(faults).filter((name) => {
    if (name === 'Missing') return Object.keys(params.shape).length > 0;
    if (name === 'Conflict') return method !== 'get';
    if (name === 'TooLarge' || name === 'NotJson') return body !== undefined;
    return name !== 'KeyReused' || method === 'post';
  });
}

function describeFaults(): Json {
  const retry = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } };
  const challenge = { 'WWW-Authenticate': { description: 'RFC 6750.', schema: { type: 'string' } } };
  const entries = Object.entries(faults).map(([name, [status, description]]) => {
    const headers =
      status === 429 || status === 503 ? retry : status === 401 || status === 403 ? challenge : undefined;
    const schema = { $ref: '#/components/schemas/Error' };
    return [name, { description, ...(headers && { headers }), content: { 'application/json': { schema } } }];
  });
  return Object.fromEntries(entries);
}

/** Named shapes stand among the components, once. */
function hoist(schema: z.ZodType, { io, into }: { io: 'input' | 'output'; into: Schemas }): Json {
  const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io }) as Json & { $defs?: Schemas };
  function rename(value: unknown): Json {
    const text = JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/');
    // The promise: an answer may have members one day that nobody knows yet.
    return JSON.parse(io === 'output' ? text.replaceAll(',"additionalProperties":false', '') : text);
  }
  for (const [name, shape] of Object.entries($defs)) into[name] = rename(shape);
  return rename(own);
}

function parametersOf({ params, query, method }: Operation): Json[] {
  function list(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
    const { properties = {} } = hoist(schema, { io: 'output', into: {} }) as { properties?: Schemas };
    return Object.entries(properties).map(([name, { description, ...shape }]) => ({
      ...{ name, in: place, required: place === 'path', description, schema: shape },
    }));
  }
  const key = method === 'post' ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : [];
  return [...list(params, 'path'), ...list(query, 'query'), ...key];
}

function describeBody({ body, example }: Operation, into: Schemas): Json {
  if (body === undefined) return {};
  const content = {
    schema: hoist(body, { io: 'input', into }),
    ...(example?.body !== undefined && { example: example.body }),
  };
  return { requestBody: { required: true, content: { 'application/json': content } } };
}

function describeAnswer({ answer, example, summary }: Operation, into: Schemas): Json {
  if (answer === undefined) return { description: 'Done.' };
  const content = {
    schema: hoist(answer, { io: 'output', into }),
    ...(example?.answer !== undefined && { example: example.answer }),
  };
  return { description: `${summary}.`, content: { 'application/json': content } };
}

function describeOperation(operation: Operation, tag: string, into: Schemas): Json {
  const refusals = faultsOf(operation).map((name) => [
    String(faults[name]?.[0]),
    { $ref: `#/components/responses/${name}` },
  ]);
  return {
    operationId: operation.id,
    tags: [tag],
    summary: operation.summary,
    ...(operation.description !== undefined && { description: operation.description }),
    security: [{ clientCredentials: [operation.scope] }, { administrator: [operation.scope] }],
    parameters: parametersOf(operation),
    ...describeBody(operation, into),
    responses: { [operation.status]: describeAnswer(operation, into), ...Object.fromEntries(refusals) },
  };
}

function describeSecurity(issuer: string): Json {
  const token = { tokenUrl: `${issuer}/token`, scopes: managementScopes };
  const resource = `Ask with resource=${managementIdentifier(issuer)}.`;
  return {
    clientCredentials: {
      type: 'oauth2',
      description: `A client that is registered for these scopes by name. ${resource}`,
      flows: { clientCredentials: token },
    },
    administrator: {
      type: 'oauth2',
      description: `An administrator, through a client that is registered for these scopes by name. ${resource}`,
      flows: { authorizationCode: { authorizationUrl: `${issuer}/authorize`, ...token } },
    },
  };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Any text of yours, such as a UUID. The same key with the same request gets the same answer for 24 hours, secrets too; with another request it is refused.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
};

export function describeApi({
  issuer,
  name,
  nouns,
}: {
  issuer: string;
  name: string;
  nouns: readonly Noun[];
}): Json {
  const schemas: Schemas = {};
  hoist(fault, { io: 'output', into: schemas });
  const paths: Record<string, Json> = {};
  for (const { name: tag, operations } of nouns) {
    for (const operation of operations) {
      const described = describeOperation(operation, tag, schemas);
      paths[operation.path] = { ...paths[operation.path], [operation.method]: described };
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: `${name} management API`, version: '1', description: PROMISE },
    servers: [{ url: issuer }],
    tags: nouns.map((noun) => ({ name: noun.name })),
    paths,
    components: {
      schemas,
      responses: describeFaults(),
      parameters: { IdempotencyKey: idempotencyKey },
      securitySchemes: describeSecurity(issuer),
    },
  };
}

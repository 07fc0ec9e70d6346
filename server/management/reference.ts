// The same table for people: what the page at /docs/api shows.
import { z } from 'zod';
import type { Noun, Operation } from './operations.ts';

type Member = { name: string; type: string; words: string; isRequired: boolean };
type Shape = {
  type?: unknown;
  enum?: unknown[];
  anyOf?: Shape[];
  $ref?: string;
  description?: string;
  default?: unknown;
};

function typeOf({ type, enum: values, anyOf, $ref }: Shape): string {
  if (values !== undefined) return values.join(' | ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if ($ref !== undefined) return $ref.split('/').at(-1) ?? '';
  return Array.isArray(type) ? type.join(' or ') : String(type ?? 'any');
}

function listMembers(schema: z.ZodObject | undefined, io: 'input' | 'output'): Member[] {
  if (schema === undefined) return [];
  const described = z.toJSONSchema(schema.meta({}), { io }) as {
    properties?: Record<string, Shape>;
    required?: string[];
  };
  return Object.entries(described.properties ?? {}).map(([name, shape]) => ({
    ...{ name, type: typeOf(shape), words: shape.description ?? '' },
    isRequired: described.required?.includes(name) === true && shape.default === undefined,
  }));
}

/** One line for a terminal. The token is in $TOKEN. */
function curlOf({ method, path, body, example }: Operation, issuer: string): string {
  const address = `${issuer}${path.replace(/\{(\w+)\}/g, (_all, name: string) => `$${name.toUpperCase()}`)}`;
  const parts = [`curl -X ${method.toUpperCase()} "${address}" -H "Authorization: Bearer $TOKEN"`];
  if (body !== undefined) {
    parts.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(example?.body ?? {})}'`);
  }
  return parts.join(' \\\n  ');
}

function tokenCurlOf(issuer: string): string {
  return `curl "${issuer}/token" -u "$CLIENT_ID:$CLIENT_SECRET" \\
  -d grant_type=client_credentials -d resource=${issuer}/v1 \\
  -d scope=latchkey:accounts:read`;
}

/** The locals of the page. */
export function describeReference(nouns: readonly Noun[], issuer: string) {
  return { issuer, token_curl: tokenCurlOf(issuer), nouns: describeNouns(nouns, issuer) };
}

function describeNouns(nouns: readonly Noun[], issuer: string) {
  return nouns.map(({ name, operations }, index) => ({
    name,
    anchor: `noun-${index + 1}`,
    operations: operations.map((operation) => ({
      ...{ id: operation.id, method: operation.method.toUpperCase(), path: operation.path },
      ...{ scope: operation.scope, summary: operation.summary, description: operation.description },
      parameters: [...listMembers(operation.params, 'output'), ...listMembers(operation.query, 'output')],
      members: listMembers(operation.body, 'input'),
      status: operation.status,
      curl: curlOf(operation, issuer),
      answer:
        operation.example?.answer === undefined
          ? undefined
          : JSON.stringify(operation.example.answer, null, 2),
    })),
  }));
}

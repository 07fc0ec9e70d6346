// /v1/issuers: issuers whose assertions are believed (RFC 7523 section 2.1).
import { z } from 'zod';
import {
  changeIssuerKeys,
  changeIssuerMappings,
  disableIssuer,
  enableIssuer,
  listIssuers,
  type MappingOptions,
  removeIssuer,
  showIssuer,
  trustIssuer,
} from '../admin/issuer-commands.ts';
import type { AdminParts } from '../admin/parts.ts';
import type { ShownIssuer } from '../admin/shown-issuer.ts';
import { machineParams, machineProfile, shownKey } from './machine-schemas.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { checkOrdinary, checkReach } from './reach.ts';
import { at, atOrNull, keySet, scopeName } from './schemas.ts';

const LIST = 'issuers';
const READ = 'latchkey:issuers:read';
const WRITE = 'latchkey:issuers:write';
const ONE = '/v1/issuers/{client_id}';

const names = z.array(z.string().min(1).max(255)).max(200);

const mapping = z
  .strictObject({
    id: z.string().max(255).describe('The service account as which they act.'),
    rules: z
      .record(z.string().min(1).max(255), z.array(z.string().max(255)).max(100))
      .describe('By claim, the values that it may have. All must be met, aud among them.'),
    identified_by: z
      .array(z.string().max(255))
      .max(100)
      .optional()
      .describe('Claims of which an exact value says who the workload is, beside those that are known.'),
  })
  .meta({ id: 'WorkloadMapping' });

const mappings = z.array(mapping).max(100);

const issuer = z
  .strictObject({
    issuer: z.string(),
    client_id: z.string().describe('Its machine identity, and its id here.'),
    name: z.string(),
    state: z.enum(['trusted', 'disabled']),
    source: z.enum(['file', 'database']),
    profile: machineProfile,
    jwks_uri: z.string().nullable(),
    keys: z.array(shownKey).nullable().describe('null: they are published at jwks_uri.'),
    disabled_keys: z.array(z.string()),
    subjects: z.array(z.string()),
    account_id: z.string().nullable().describe('In whose name it acts; null: its own.'),
    clients: z.array(z.string()),
    scopes: z.array(z.string()),
    service_accounts: z
      .array(mapping)
      .describe('With workload: who its workloads act as, and the rules that they must meet.'),
    created_at: at('When it was trusted'),
    disabled_at: atOrNull('Since when it is not believed'),
  })
  .meta({ id: 'Issuer' });

const newIssuer = z
  .strictObject({
    issuer: z.string().min(1).max(255).describe('The iss of its assertions.'),
    name: z.string().min(1).max(200).optional(),
    profile: machineProfile.default('strict'),
    jwks: keySet.optional(),
    jwks_uri: z.string().max(2000).optional(),
    subjects: names.default([]).describe('Each sub that it may speak about; none: only itself.'),
    account_id: z.string().max(255).optional().describe('In whose name its assertions act.'),
    clients: names.default([]).describe('The clients that may present its assertions.'),
    scopes: z
      .array(scopeName)
      .max(200)
      .default([])
      .describe('All that its assertions may get: one at least. With workload none.'),
    service_accounts: mappings
      .default([])
      .describe(
        'With workload, and only there: as which service accounts its workloads act, by rules on claims.',
      ),
  })
  .meta({ id: 'NewIssuer' });

const mappingChange = z
  .strictObject({
    service_accounts: mappings.describe('All of them, in place of those of before; none lets nobody in.'),
  })
  .meta({ id: 'IssuerMappingChange' });

const keyChange = z
  .strictObject({
    jwks: keySet.optional(),
    jwks_uri: z.string().max(2000).optional(),
    disable: names.default([]).describe('Keys to believe no longer, by kid or thumbprint.'),
    enable: names.default([]).describe('Keys to believe again.'),
  })
  .refine(
    (body) => Object.values(body).flat().length > 0,
    'says nothing: give jwks, jwks_uri, disable or enable',
  )
  .meta({ id: 'IssuerKeyChange' });

const madeIssuer = z.strictObject({ issuer: z.string(), client_id: z.string() }).meta({ id: 'MadeIssuer' });

const params = machineParams('iss_', {
  fault: 'must be the client_id of an issuer',
  words: 'The client_id of an issuer.',
});

const ci = {
  ...{
    issuer: 'https://ci.example.com',
    client_id: 'iss_5rL2pQ9sT0vW1xY3zA4bC6',
    name: 'CI',
    state: 'trusted',
  },
  ...{ source: 'database', profile: 'strict', jwks_uri: 'https://ci.example.com/jwks.json', keys: null },
  ...{ disabled_keys: [], subjects: ['repo:shop'], account_id: null, clients: [], scopes: ['write:orders'] },
  service_accounts: [],
  ...{ created_at: 1_790_000_000, disabled_at: null },
};

const deployment = {
  id: 'sa_5rL2pQ9sT0vW1xY3zA4b',
  rules: { aud: ['https://id.example.com'], repository: ['acme/shop'], ref: ['refs/tags/*'] },
};

function toMapping({ id, identified_by: identifiedBy, rules }: z.output<typeof mapping>): MappingOptions {
  return { serviceAccount: id, identifiedBy, rules };
}

function show(shown: ShownIssuer): z.input<typeof issuer> {
  return shown as z.input<typeof issuer>;
}

/** Whoever has the keys of an issuer acts in the name that it was given. */
async function checkOrdinaryName({ accounts }: AdminParts, account: string | undefined): Promise<void> {
  if (account !== undefined) checkOrdinary(await accounts.get(account));
}

/** Where the account is gone, nobody acts in its name any more. */
async function checkOrdinaryIssuer(parts: AdminParts, id: string): Promise<void> {
  const { registration } = await parts.trustedIssuers.get(id);
  const account = await parts.accounts.find(registration.trust.accountId ?? '');
  if (account !== undefined) checkOrdinary(account);
}

export const issuers: Noun = {
  name: 'Trusted issuers',
  operations: [
    operation({
      ...{ id: 'listIssuers', method: 'get', path: '/v1/issuers', scope: READ, status: 200 },
      summary: 'List trusted issuers, by client_id',
      query: pageQuery({}),
      answer: pageOf('IssuerList', issuer),
      example: { answer: { data: [ci], next: null } },
      async act(parts, { query: { limit, after } }) {
        const rows = await listIssuers(parts, { after: readIdCursor(LIST, after), limit: limit + 1 });
        return answerPage(LIST, rows.map(show), { limit, placeOf: ({ client_id: id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createIssuer', method: 'post', path: '/v1/issuers', scope: WRITE, status: 201 },
      summary: 'Believe the assertions of an issuer',
      body: newIssuer,
      answer: madeIssuer,
      example: {
        body: {
          ...{ issuer: ci.issuer, name: ci.name, jwks_uri: ci.jwks_uri },
          ...{ subjects: ci.subjects, scopes: ci.scopes },
        },
        answer: { issuer: ci.issuer, client_id: ci.client_id },
      },
      async act(parts, { body, caller, remember }) {
        const { account_id: account, jwks_uri: jwksUri, service_accounts: mapped, ...rest } = body;
        checkReach(caller, rest.scopes);
        await checkOrdinaryName(parts, account);
        const describe = (clientId: string) => ({ issuer: rest.issuer, client_id: clientId });
        const options = { ...rest, account, jwksUri, mappings: mapped.map(toMapping) };
        const made = await trustIssuer(parts, options, (id) => remember(describe(id)));
        return describe(made.client_id);
      },
    }),
    operation({
      ...{ id: 'getIssuer', method: 'get', path: ONE, scope: READ, status: 200 },
      summary: 'Show one issuer and its keys',
      params,
      answer: issuer,
      example: { answer: ci },
      act: async (parts, { params: { client_id: id } }) => show(await showIssuer(parts, id)),
    }),
    operation({
      ...{ id: 'changeIssuerKeys', method: 'patch', path: `${ONE}/keys`, scope: WRITE, status: 200 },
      summary: 'Give it other keys, or switch some of them off and on',
      params,
      body: keyChange,
      answer: issuer,
      example: { body: { disable: ['2026-01'] }, answer: { ...ci, disabled_keys: ['2026-01'] } },
      async act(parts, { params: { client_id: id }, body: { jwks_uri: jwksUri, ...rest } }) {
        const isMore = rest.jwks !== undefined || jwksUri !== undefined || rest.enable.length > 0;
        if (isMore) await checkOrdinaryIssuer(parts, id);
        return show(await changeIssuerKeys(parts, id, { ...rest, jwksUri }));
      },
    }),
    operation({
      ...{
        id: 'changeIssuerMappings',
        method: 'put',
        path: `${ONE}/service-accounts`,
        scope: WRITE,
        status: 200,
      },
      summary: 'Say as which service accounts its workloads act, and by which rules',
      description: 'Of an issuer with the profile workload. What was issued before stays.',
      params,
      body: mappingChange,
      answer: issuer,
      example: {
        body: { service_accounts: [deployment] },
        answer: { ...ci, profile: 'workload', subjects: [], scopes: [], service_accounts: [deployment] },
      },
      async act(parts, { params: { client_id: id }, body }) {
        return show(await changeIssuerMappings(parts, id, body.service_accounts.map(toMapping)));
      },
    }),
    operation({
      ...{ id: 'disableIssuer', method: 'put', path: `${ONE}/block`, scope: WRITE, status: 200 },
      summary: 'Refuse it from now on',
      description: 'Everything issued on its word is dead at once, and stays dead when it is believed again.',
      params,
      answer: issuer,
      act: async (parts, { params: { client_id: id } }) => show(await disableIssuer(parts, id)),
    }),
    operation({
      ...{ id: 'enableIssuer', method: 'delete', path: `${ONE}/block`, scope: WRITE, status: 200 },
      summary: 'Believe it again',
      params,
      answer: issuer,
      async act(parts, { params: { client_id: id } }) {
        await checkOrdinaryIssuer(parts, id);
        return show(await enableIssuer(parts, id));
      },
    }),
    operation({
      ...{ id: 'deleteIssuer', method: 'delete', path: ONE, scope: WRITE, status: 204 },
      summary: 'Trust it no longer',
      description: 'Everything issued on its word is dead at once.',
      params,
      async act(parts, { params: { client_id: id } }) {
        await removeIssuer(parts, id);
        return undefined;
      },
    }),
  ],
};

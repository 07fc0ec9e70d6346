// Gets access tokens as an app does: through the sign-in and consent pages, one authorization each.
import { createHash, randomBytes } from 'node:crypto';
import { createFormRobot, type FormRobot, type Page } from '../test/support/form-robot.ts';

export type Wanted = {
  issuer: string;
  port: number;
  count: number;
  email: string;
  password: string;
  client: { id: string; secret: string; redirectUri: string };
  /** Refresh tokens instead of access tokens. */
  kind?: 'refresh_token';
};

async function walk(robot: FormRobot, start: Page, { email, password, client }: Wanted): Promise<string> {
  let page = start;
  for (let step = 0; step < 12; step += 1) {
    if (page.location?.startsWith(client.redirectUri))
      return new URL(page.location).searchParams.get('code') ?? '';
    if (page.location !== undefined) page = await robot.get(page.location);
    else if (page.html.includes('name="password"'))
      page = await robot.submit(page, { email, password }, { button: 'Sign in' });
    else page = await robot.submit(page, {}, { button: 'decision=allow' });
  }
  throw new Error(`the walk did not end: ${page.status} ${page.url}`);
}

async function collectToken(robot: FormRobot, wanted: Wanted): Promise<string> {
  const { issuer, client } = wanted;
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid read:tasks',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const code = await walk(robot, await robot.get(`/authorize?${query}`), wanted);
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
    }),
  });
  const body = (await response.json()) as Record<string, string>;
  const token = body[wanted.kind ?? 'access_token'];
  if (token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
  return token;
}

export async function collectTokens(wanted: Wanted): Promise<string[]> {
  const robot = createFormRobot({ origin: wanted.issuer, port: wanted.port });
  const tokens: string[] = [];
  while (tokens.length < wanted.count) tokens.push(await collectToken(robot, wanted));
  return tokens;
}

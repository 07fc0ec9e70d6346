// The same authorization request once more, from what an interaction keeps of it: for whoever is signed in by now.
import { UnsecuredJWT } from 'jose';
import type { Provider } from 'oidc-provider';
import { nowSeconds } from '../clock.ts';
import { DEFAULTED_SCOPE } from './default-scope.ts';
import { IMPLIED_CONSENT } from './interaction-policy.ts';

type Details = { params: Record<string, unknown>; parJti?: unknown };
type Parameters = Record<string, unknown>;

const PUSHED_URN = 'urn:ietf:params:oauth:request_uri:';
// RFC 9126 section 2.2: as long as the engine gives one that a client pushes.
const PUSHED_SECONDS = 60;

function withoutPrompts(parameters: Parameters, answered: readonly string[]): Parameters {
  const prompts = String(parameters.prompt ?? '').split(' ');
  const left = prompts.filter((prompt) => prompt !== '' && !answered.includes(prompt));
  return { ...parameters, prompt: left.length > 0 ? left.join(' ') : undefined };
}

/** As the app sent it: what we added is added again. */
function asSent(parameters: Parameters, answered: readonly string[]): Parameters {
  const { [IMPLIED_CONSENT]: implied, [DEFAULTED_SCOPE]: defaulted, ...sent } = parameters;
  const scope = defaulted === undefined ? {} : { scope: undefined };
  return { ...withoutPrompts(sent, implied === undefined ? answered : [...answered, 'consent']), ...scope };
}

/** Its minute is over and nobody may change it in the browser, so it is pushed once more; the old one is spent. */
async function pushAgain(provider: Provider, pushedId: string, parameters: Parameters): Promise<Parameters> {
  const { PushedAuthorizationRequest } = provider;
  const old = await PushedAuthorizationRequest.find(pushedId, { ignoreExpiration: true });
  await old?.consume();
  const clientId = String(parameters.client_id);
  const now = nowSeconds();
  const request = new UnsecuredJWT(parameters)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + PUSHED_SECONDS)
    .setIssuer(clientId)
    .setAudience(provider.issuer)
    .encode();
  const { trusted, dpopJkt } = old ?? {};
  const id = await new PushedAuthorizationRequest({ request, trusted, dpopJkt }).save(PUSHED_SECONDS);
  return { client_id: clientId, request_uri: `${PUSHED_URN}${id}` };
}

/** The query of the authorization endpoint with which it begins anew, without the prompts that were answered meanwhile. */
export async function restartQuery(
  provider: Provider,
  { params, parJti }: Details,
  answered: readonly string[],
): Promise<string> {
  const parameters =
    typeof parJti === 'string'
      ? await pushAgain(provider, parJti, withoutPrompts(params, answered))
      : asSent(params, answered);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const one of [value].flat()) query.append(name, String(one));
  }
  return query.toString();
}

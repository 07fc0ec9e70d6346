// The endpoints for clients that do not read the discovery document themselves: what their owner copies from it.
import type { World } from '../support/world.ts';

export type Endpoints = {
  issuer: string;
  jwks_uri: string;
  authorization_endpoint: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  revocation_endpoint: string;
  end_session_endpoint: string;
};

export async function readEndpoints(world: World): Promise<Endpoints> {
  const response = await fetch(`${world.app.config.issuer}/.well-known/openid-configuration`);
  return (await response.json()) as Endpoints;
}

// Who gets a refresh token, and how long it and its grant live (RFC 9700 section 4.14, OpenID Connect Core section 11).
import type { Config } from '../../config/schema.ts';
import { nowSeconds } from '../clock.ts';
import { registrationOf } from './client-metadata.ts';

/**
 * A client registered for the grant without offline_access always gets one (some stock clients never ask);
 * one whose registration has offline_access gets it when that was granted.
 */
export function mayRefresh(client: object, scopes: ReadonlySet<string>): boolean {
  const registration = registrationOf(client);
  if (!registration.grants.includes('refresh_token')) return false;
  return !registration.scopes.includes('offline_access') || scopes.has('offline_access');
}

/** Seconds that a refresh token issued now lives: the idle life, cut by what is left of the absolute one. */
export function refreshSeconds(tokens: Config['tokens'], firstIssuedAt: number): number {
  const leftSeconds = firstIssuedAt + tokens.refresh_absolute_seconds - nowSeconds();
  return Math.max(1, Math.min(tokens.refresh_idle_seconds, leftSeconds));
}

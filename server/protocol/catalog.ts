// What the engine must know before it can be built: APIs and signing keys. It is rebuilt when their version changes.
import type { Resource } from '../resources/resources.ts';
import type { SigningKey } from '../signing-keys/signing-keys.ts';
import type { Localized } from '../web/words.ts';

/** Scopes of the issuer itself (OpenID Connect Core sections 5.4 and 11), with words for people. */
export const openidScopes: Readonly<Record<string, string>> = {
  openid: 'Know who you are (an identifier)',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Keep access while you are not using the app',
};

export type Catalog = {
  readonly version: string;
  readonly resources: readonly Resource[];
  readonly signingKeys: readonly SigningKey[];
};

export function findResource(catalog: Catalog, identifier: string): Resource | undefined {
  return catalog.resources.find((resource) => resource.identifier === identifier);
}

export function findDefaultResource(catalog: Catalog): Resource | undefined {
  return catalog.resources.find((resource) => resource.isDefault);
}

/**
 * Scopes that may be asked for without naming an API: the issuer's own and those of the default resource.
 * A token for them has no audience; introspection fills in the default resource.
 */
export function unaddressedScopes(catalog: Catalog): string[] {
  return [...new Set([...Object.keys(openidScopes), ...defaultApiScopes(catalog)])];
}

export function defaultApiScopes(catalog: Catalog): string[] {
  return Object.keys(findDefaultResource(catalog)?.registration.scopes ?? {});
}

/** Those of the API with this identifier; none where there is no such API. */
export function scopesOf(catalog: Catalog, identifier: string): string[] {
  return Object.keys(findResource(catalog, identifier)?.registration.scopes ?? {});
}

/** The words for a scope of an API, or of the issuer where no API is named. */
export function wordsOf(catalog: Catalog, scope: string, identifier?: string): Localized {
  const resource =
    identifier === undefined ? findDefaultResource(catalog) : findResource(catalog, identifier);
  return (
    (identifier === undefined ? openidScopes[scope] : undefined) ??
    resource?.registration.scopes[scope] ??
    scope
  );
}

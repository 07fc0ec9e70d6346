// What clients claim outside of this server: web origins (RFC 6454) and the private-use schemes of apps (RFC 8252 section 7.1).
import type { Client } from './clients.ts';
import type { createClientStore } from './store.ts';

// What may be a registered origin, before the database is asked.
const ORIGIN = /^https?:\/\/[a-z0-9._:[\]-]{1,255}$/;
const MOST_CANDIDATES = 100;

function schemesOf(redirectUris: readonly string[]): string[] {
  const schemes = redirectUris.flatMap((uri) => URL.parse(uri)?.protocol ?? []);
  return [...new Set(schemes)].filter((scheme) => scheme !== 'https:' && scheme !== 'http:');
}

export function createClaims(store: Pick<ReturnType<typeof createClientStore>, 'listWithText'>) {
  async function findByScheme(scheme: string): Promise<Client | undefined> {
    const candidates = await store.listWithText(scheme, MOST_CANDIDATES);
    return candidates.find(({ registration }) => schemesOf(registration.redirectUris).includes(scheme));
  }

  return {
    /** Has a client that may ask registered this web origin? */
    async hasOrigin(origin: string): Promise<boolean> {
      if (!ORIGIN.test(origin)) return false;
      const candidates = await store.listWithText(`${origin}"`, MOST_CANDIDATES);
      return candidates.some(
        ({ blockedAt, registration }) => blockedAt === undefined && registration.origins.includes(origin),
      );
    },

    /** Who has a private-use scheme of these already (RFC 8252 section 8.4): two apps must not get each other's codes. */
    async findSchemeOwner(redirectUris: readonly string[]) {
      for (const scheme of schemesOf(redirectUris)) {
        const owner = await findByScheme(scheme);
        if (owner !== undefined) return { scheme, clientId: owner.id };
      }
      return undefined;
    },
  };
}

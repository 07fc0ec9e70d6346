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

export function createClaims(
  store: Pick<ReturnType<typeof createClientStore>, 'listWithText' | 'listAllowedWithText'>,
) {
  /** What nobody has allowed yet holds nothing: it is asked again when it is allowed, and keeps no name from others until then. */
  async function findByScheme(scheme: string, except: string | undefined): Promise<Client | undefined> {
    const isHolder = ({ id, owner, registration }: Client) =>
      id !== except && owner?.isPending !== true && schemesOf(registration.redirectUris).includes(scheme);
    for (let after = ''; ; ) {
      const candidates = await store.listWithText(scheme, { after, limit: MOST_CANDIDATES });
      const holder = candidates.find(isHolder);
      const last = candidates.at(-1);
      if (holder !== undefined || last === undefined || candidates.length < MOST_CANDIDATES) return holder;
      after = last.id;
    }
  }

  return {
    /** Has a client that may ask registered this web origin? */
    async hasOrigin(origin: string): Promise<boolean> {
      if (!ORIGIN.test(origin)) return false;
      const candidates = await store.listAllowedWithText(`${origin}"`, MOST_CANDIDATES);
      return candidates.some(({ registration }) => registration.origins.includes(origin));
    },

    /** Who else than `except` has a private-use scheme of these (RFC 8252 section 8.4): two apps must not get each other's codes. */
    async findSchemeOwner(redirectUris: readonly string[], except?: string) {
      for (const scheme of schemesOf(redirectUris)) {
        const owner = await findByScheme(scheme, except);
        if (owner !== undefined) return { scheme, clientId: owner.id };
      }
      return undefined;
    },
  };
}

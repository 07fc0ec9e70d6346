// What signs cookies: the newest key signs, and each that is still good verifies. Keys may be exchanged while requests run.
import { hmacSha256, isSameSecret } from '../secrets.ts';

export function createCookieKeys(first: readonly Buffer[]) {
  let keys = first;

  function signWith(key: Buffer, data: string): string {
    return hmacSha256(key, data).toString('base64url');
  }

  function verify(data: string, digest: string): boolean {
    return keys.some((key) => isSameSecret(signWith(key, data), digest));
  }

  return {
    sign(data: string): string {
      const [newest] = keys;
      if (newest === undefined) throw new Error('there is no key that signs cookies');
      return signWith(newest, data);
    },
    verify,

    /**
     * Koa asks which key it was, and would write a signature by an older one anew: as a cookie that ends with the browser,
     * which signs the person out. The older key is good for as long as the cookie.
     */
    index: (data: string, digest: string): number => (verify(data, digest) ? 0 : -1),

    replace(others: readonly Buffer[]): void {
      keys = others;
    },
  };
}

export type CookieKeys = ReturnType<typeof createCookieKeys>;

// Browsers in which people have signed in before: a signed cookie, so that nobody can lock a person out of their own (row S08).
import { nowSeconds } from '../clock.ts';
import { deriveKey, hmacSha256, isSameSecret, randomSecret } from '../secrets.ts';
import type { WebContext } from '../web/context.ts';
import type { Cookies } from '../web/cookies.ts';
import { normalizeEmail } from './email.ts';

const YEAR_SECONDS = 31_536_000;
const MOST_PEOPLE = 5;
const DEVICE_ID_BYTES = 16;
const DEVICE_ID_CHARACTERS = 22;

type Device = { readonly id: string; readonly expiresAt: number; readonly people: readonly string[] };

/** `id.expiry.person~person.mac` */
const wellFormed = new RegExp(
  String.raw`^([\w-]{${DEVICE_ID_CHARACTERS}})\.(\d{1,12})\.([\w-]{43}(?:~[\w-]{43}){0,${MOST_PEOPLE - 1}})\.([\w-]{43})$`,
);

function findNormalized(email: string): string | undefined {
  try {
    return normalizeEmail(email);
  } catch {
    return undefined;
  }
}

export function createKnownDevice({ key, cookies }: { key: Buffer; cookies: Cookies }) {
  const cookieKey = deriveKey(key, 'known device cookie');
  const peopleKey = deriveKey(key, 'known device people');

  /** Another text on every device, so that two cookies do not tell that they are one person's. */
  function nameOf(deviceId: string, normalized: string): string {
    return hmacSha256(peopleKey, `${deviceId}|${normalized}`).toString('base64url');
  }

  function write({ id, expiresAt, people }: Device): string {
    const content = `${id}.${expiresAt}.${people.join('~')}`;
    return `${content}.${hmacSha256(cookieKey, content).toString('base64url')}`;
  }

  function find(ctx: WebContext): Device | undefined {
    const sent = ctx.cookies.get(cookies.names.device, { signed: false }) ?? '';
    const [, id, expiry, names, mac] = wellFormed.exec(sent) ?? [];
    if (id === undefined || names === undefined || mac === undefined) return undefined;
    const content = sent.slice(0, -mac.length - 1);
    if (!isSameSecret(mac, hmacSha256(cookieKey, content).toString('base64url'))) return undefined;
    const expiresAt = Number(expiry);
    return expiresAt > nowSeconds() ? { id, expiresAt, people: names.split('~') } : undefined;
  }

  return {
    /** The device's id, if this person has signed in on it. */
    read(ctx: WebContext, email: string): string | undefined {
      const device = find(ctx);
      const normalized = findNormalized(email);
      if (device === undefined || normalized === undefined) return undefined;
      return device.people.includes(nameOf(device.id, normalized)) ? device.id : undefined;
    },

    /** After a sign-in: for a year, and for the last five people at most. */
    remember(ctx: WebContext, email: string): void {
      const device = find(ctx);
      const id = device?.id ?? randomSecret(DEVICE_ID_BYTES);
      const name = nameOf(id, normalizeEmail(email));
      const others = (device?.people ?? []).filter((other) => other !== name);
      const people = [name, ...others].slice(0, MOST_PEOPLE);
      const value = write({ id, expiresAt: nowSeconds() + YEAR_SECONDS, people });
      ctx.cookies.set(cookies.names.device, value, {
        ...cookies.options,
        signed: false,
        maxAge: YEAR_SECONDS * 1000,
      });
    },
  };
}

export type KnownDevice = ReturnType<typeof createKnownDevice>;

// Password hashing: argon2id (RFC 9106) kept as PHC strings, few at a time. ASVS 5.0 11.4.2, OWASP Password Storage.
import { argon2 } from 'node:crypto';
import { Refusal } from '../errors.ts';
import { isSameSecret, randomKey } from '../secrets.ts';
import { type ForeignPassword, recogniseForeignPassword } from './foreign-password.ts';
import { createWorkQueue } from './work-queue.ts';

export const MAX_PASSWORD_BYTES = 1024;

const SALT_BYTES = 16;
const TAG_BYTES = 32;

type Cost = { readonly memoryKibibytes: number; readonly passes: number; readonly lanes: number };
type Stored = { readonly cost: Cost; readonly salt: Buffer; readonly tag: Buffer };

const TODAY: Cost = { memoryKibibytes: 19_456, passes: 2, lanes: 1 };

// What an unknown person is verified against, so that the answer takes as long as for a known one (ASVS 6.3.8).
const NOBODY: Stored = { cost: TODAY, salt: Buffer.alloc(SALT_BYTES), tag: Buffer.alloc(TAG_BYTES) };

// The digits are few on purpose: a damaged row must not ask for all of the memory.
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,171})$/;

function parse(stored: string): Stored {
  const [, memory, passes, lanes, salt, tag] = PHC.exec(stored) ?? [];
  if (salt === undefined || tag === undefined)
    throw new Error('a stored password hash is not an argon2id PHC string');
  const cost = { memoryKibibytes: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  return { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

function format({ cost, salt, tag }: Stored): string {
  const [saltText, tagText] = [salt, tag].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$m=${cost.memoryKibibytes},t=${cost.passes},p=${cost.lanes}$${saltText}$${tagText}`;
}

function isOfToday({ cost, salt, tag }: Stored): boolean {
  return (
    cost.memoryKibibytes === TODAY.memoryKibibytes &&
    cost.passes === TODAY.passes &&
    cost.lanes === TODAY.lanes &&
    salt.length >= SALT_BYTES &&
    tag.length === TAG_BYTES
  );
}

/**
 * The bytes that are hashed: nothing cut off, no case changed. NFC (RFC 8265 section 4.2), because keyboards differ in
 * how they compose an accent; not NFKC, because that makes passwords equal that were typed differently.
 */
function toBytes(password: string): Buffer {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new Refusal('invalid_request', { param: 'password', words: 'The password is too long.' });
  }
  return Buffer.from(password.normalize('NFC'));
}

function derive(message: Buffer, { cost, salt, tag }: Stored): Promise<Buffer> {
  const parameters = {
    message,
    nonce: salt,
    memory: cost.memoryKibibytes,
    passes: cost.passes,
    parallelism: cost.lanes,
    tagLength: tag.length,
  };
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, derived) => (error ? reject(error) : resolve(derived)));
  });
}

// People type one form, the program before us may have hashed the other.
async function isRightForeign(verify: ForeignPassword, password: string): Promise<boolean> {
  const composed = password.normalize('NFC');
  return (await verify(password)) || (composed !== password && (await verify(composed)));
}

/**
 * Two at a time: argon2 runs in the thread pool that signing, files and the resolver share, and a flood of sign-ins
 * must leave them threads. Beyond the queue, or after waitSeconds in it: Refusal temporarily_unavailable.
 */
export function createPasswordHasher({ concurrency = 2, queue = 20, waitSeconds = 2 } = {}) {
  const gate = createWorkQueue({ concurrency, queue, waitSeconds });

  return {
    /** Answers the PHC string to store. Refuses passwords over MAX_PASSWORD_BYTES. */
    async hash(password: string): Promise<string> {
      const message = toBytes(password);
      const fresh = { ...NOBODY, salt: randomKey(SALT_BYTES) };
      const tag = await gate.run(() => derive(message, fresh));
      return format({ ...fresh, tag });
    },

    /**
     * `stored` is undefined for an unknown person, or one without a password: as slow as any, and never right.
     * A hash of another program is verified, and wants to be made anew.
     */
    async verify(password: string, stored: string | undefined) {
      const message = toBytes(password);
      const foreign = stored === undefined || PHC.test(stored) ? undefined : recogniseForeignPassword(stored);
      if (foreign !== undefined) {
        const isRight = await gate.run(() => isRightForeign(foreign, password));
        return { isRight, needsRehash: isRight };
      }
      const expected = stored === undefined ? NOBODY : parse(stored);
      const tag = await gate.run(() => derive(message, expected));
      const isRight = isSameSecret(tag, expected.tag) && stored !== undefined;
      return { isRight, needsRehash: isRight && !isOfToday(expected) };
    },
  };
}

export type PasswordHasher = ReturnType<typeof createPasswordHasher>;

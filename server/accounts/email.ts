// E-mail addresses in one spelling: what is stored and looked up (normalizeEmail), and what is counted (throttleEmail).
import { domainToASCII } from 'node:url';
import { Refusal } from '../errors.ts';

// RFC 5321 section 4.5.3.1.3: a path of 256 octets, less its angle brackets.
const MAX_EMAIL_BYTES = 254;

// No quotes, lists, comments or routes, which mail programs read in different ways, and nothing that cannot be seen.
const LOCAL_PART = /^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}\p{Co}\p{Cs}]+$/u;
const TYPED_DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u;
const DOMAIN = /^(?:[a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}$/;

function refuse(reason: string): Refusal {
  return new Refusal('invalid_request', {
    param: 'email',
    words: 'This is not an e-mail address we can use.',
    reason,
  });
}

/** Composed again at the end: some letters compose in lower case only (ǰ), and the result must fold to itself. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/**
 * Trimmed, NFKC, lower case, the domain in its ASCII form (IDNA). A plus tag stays. Refuses invalid_request: what is
 * not an address, is too long, or becomes another address by normalization (an @ that only looks like one).
 */
export function normalizeEmail(email: string): string {
  const typed = email.trim();
  if (typed.length > MAX_EMAIL_BYTES) throw refuse('too long');
  const [typedLocalPart = '', typedDomain = '', ...more] = typed.split('@');
  if (more.length > 0) throw refuse('more than one @');
  const localPart = fold(typedLocalPart);
  const foldedDomain = fold(typedDomain);
  const domain = domainToASCII(foldedDomain);
  if (!LOCAL_PART.test(localPart) || /^\.|\.\.|\.$/.test(localPart)) throw refuse('local part');
  // domainToASCII reads like a URL: it would decode %2e and leave out what follows a slash.
  if (!TYPED_DOMAIN.test(foldedDomain) || !DOMAIN.test(domain)) throw refuse('domain');
  const normalized = `${localPart}@${domain}`;
  if (Buffer.byteLength(normalized) > MAX_EMAIL_BYTES) throw refuse('too long');
  return normalized;
}

/** The same mailbox whatever its plus tag: the key under which attempts are counted. Refuses like normalizeEmail. */
export function throttleEmail(email: string): string {
  return normalizeEmail(email).replace(/(?<=^[^+@]+)\+.*(?=@)/u, '');
}

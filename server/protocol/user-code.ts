// User codes as people type them (RFC 8628 section 6.1): case, spaces and dashes do not matter.

const LENGTH = 8;

/** The code's letters alone, in upper case; undefined letters of the alphabet stay and simply match nothing. */
export function normalizeUserCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** As it is shown: ABCD-EFGH. */
export function formatUserCode(normalized: string): string {
  return `${normalized.slice(0, LENGTH / 2)}-${normalized.slice(LENGTH / 2)}`;
}

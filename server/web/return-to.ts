// Where to go after signing in: a path of ours and nothing else (RFC 9700 section 4.11; row A28).

const HOME = '/account';
const MAX_CHARACTERS = 2048;
const printable = /^[\x21-\x7e]+$/;
// Decoded once more by some proxy, these would make another path or another header of it.
const trickyInPath = /\\|\/\/|%(?:2f|5c|25|0|1|7f)/i;
const trickyAnywhere = /\\|%(?:00|0a|0d)/i;

/** The value when it is a plain path of ours with its query, as the browser would read it; otherwise /account. */
export function localPath(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_CHARACTERS) return HOME;
  if (!value.startsWith('/') || !printable.test(value) || trickyAnywhere.test(value)) return HOME;
  const [path = ''] = value.split(/[?#]/, 1);
  if (trickyInPath.test(path)) return HOME;
  const url = URL.parse(value, 'http://local.invalid');
  if (url?.host !== 'local.invalid' || url.pathname.startsWith('//')) return HOME;
  return url.pathname + url.search;
}

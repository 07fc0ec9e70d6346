// The browser behind a User-Agent header (RFC 9110 section 10.1.5), in the few words by which a person knows it again.
import type { Language } from './words.ts';

// Every browser names those that it descends from, so the younger come first.
const browsers: readonly [pattern: RegExp, name: string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const systems: readonly [pattern: RegExp, name: string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

function findName(text: string, names: readonly [RegExp, string][]): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}

/** 'Firefox on Linux'; what is no browser we know is told by its first word, `curl` of `curl/8.5.0`. */
export function describeProgram(
  userAgent: string | undefined,
  { say }: Pick<Language, 'say'>,
): string | undefined {
  if (userAgent === undefined) return undefined;
  const browser = findName(userAgent, browsers) ?? /^[\w.-]{1,40}/.exec(userAgent)?.[0];
  const system = findName(userAgent, systems);
  return browser !== undefined && system !== undefined
    ? say('{browser} on {system}', { browser, system })
    : browser;
}

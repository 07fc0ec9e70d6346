// The operator's accent colour, made legible on light and on dark pages (WCAG 2.2, 1.4.3: 4.5 to 1 for text).

const ENOUGH_CONTRAST = 4.5;
const MIX_STEPS = 50;

type Rgb = readonly [red: number, green: number, blue: number];

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** The custom property `--accent` for both colour schemes, legible as text on these backgrounds. */
export function accentStyles(accent: string, backgrounds: { light: string; dark: string }): string {
  const light = makeLegible(parseColor(accent), parseColor(backgrounds.light), black);
  const dark = makeLegible(parseColor(accent), parseColor(backgrounds.dark), white);
  return `:root{--accent:${light}}@media (prefers-color-scheme:dark){:root{--accent:${dark}}}\n`;
}

/** The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio). */
export function contrastOf(one: string, other: string): number {
  return contrast(parseColor(one), parseColor(other));
}

function makeLegible(color: Rgb, background: Rgb, toward: Rgb): string {
  for (let step = 0; step < MIX_STEPS; step++) {
    const mixed = mix(color, toward, step / MIX_STEPS);
    if (contrast(mixed, background) >= ENOUGH_CONTRAST) return formatColor(mixed);
  }
  return formatColor(toward);
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (a: number, b: number) => Math.round(a + (b - a) * share);
  return [channel(from[0], to[0]), channel(from[1], to[1]), channel(from[2], to[2])];
}

function contrast(one: Rgb, other: Rgb): number {
  const a = luminance(one);
  const b = luminance(other);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function parseColor(text: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  if (digits === undefined) throw new Error('branding.accent_color must be written like #0b6b5d');
  const number = Number.parseInt(digits, 16);
  return [number >> 16, (number >> 8) & 0xff, number & 0xff];
}

function formatColor([red, green, blue]: Rgb): string {
  return `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')}`;
}

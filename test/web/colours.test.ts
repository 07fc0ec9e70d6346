// The colours of the pages can be read by everybody, in light and dark, the operator's own accent included.
import { readFileSync } from 'node:fs';
import Koa from 'koa';
import request from 'supertest';
import { expect, test } from 'vitest';
import { contrastOf } from '../../server/web/accent.ts';
import { createAssets } from '../../server/web/assets.ts';

const style = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = style.split('@media (prefers-color-scheme: dark)');

const backgrounds = ['ground', 'surface', 'sunken'];
const pairs = [
  ...['text', 'quiet', 'accent'].flatMap((front) => backgrounds.map((back) => [front, back] as const)),
  ...['good', 'warn', 'bad'].map((name) => [name, `${name}-ground`] as const),
  ['bad', 'surface'] as const,
];

function color(scheme: string, name: string): string {
  return new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(scheme)?.[1] ?? '';
}

async function servedAccents(accent: string): Promise<[light: string, dark: string]> {
  const assets = createAssets({ accent_color: accent });
  const app = new Koa().use(assets.middleware);
  const answer = await request(app.callback()).get(assets.urlFor('style.css')).expect(200);
  const [first = '', second = ''] = Array.from(
    answer.text.matchAll(/--accent:(#[0-9a-f]{6})/g),
    ([, value]) => value,
  );
  return [first, second];
}

test.each(pairs)('WCAG 1.4.3: %s on %s is legible in light and dark', (front, back) => {
  for (const scheme of [light, dark]) {
    expect(contrastOf(color(scheme, front), color(scheme, back))).toBeGreaterThanOrEqual(4.5);
  }
});

test('WCAG 1.4.11: the edges of fields and buttons stand out in light and dark', () => {
  for (const scheme of [light, dark]) {
    expect(contrastOf(color(scheme, 'edge'), color(scheme, 'surface'))).toBeGreaterThanOrEqual(3);
  }
});

test.each(['#ffd400', '#ffffff', '#000000', '#E11D48', '#808080'])(
  'WCAG 1.4.3: the accent %s is made legible on every background',
  async (accent) => {
    const [onLight, onDark] = await servedAccents(accent);
    for (const back of backgrounds) {
      expect(contrastOf(onLight, color(light, back))).toBeGreaterThanOrEqual(4.5);
      expect(contrastOf(onDark, color(dark, back))).toBeGreaterThanOrEqual(4.5);
    }
  },
);

test('an accent that is legible already is left as the operator chose it', async () => {
  expect(await servedAccents('#0b6b5d')).toEqual(['#0b6b5d', expect.any(String)]);
});

test('an accent that is no colour is refused, whatever else it would put into the stylesheet', () => {
  expect(() => createAssets({ accent_color: 'red}body{display:none' })).toThrow('accent_color');
});

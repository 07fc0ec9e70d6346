// Words of an operator in several languages.
import { expect, test } from 'vitest';
import { loadSettings } from './load-text.ts';

const orders = (words: unknown) => ({
  resources: [
    { identifier: 'https://orders.example.com/', name: 'Orders', scopes: { 'read:orders': words } },
  ],
});

test('a name, that of an API and the words of a scope are one text, or one for each language', () => {
  const words = { en: 'See your orders', de: 'Deine Bestellungen sehen' };
  const { branding, resources } = loadSettings({
    branding: { name: { en: 'Works', de: 'Werk' } },
    ...orders(words),
  });
  const named = {
    identifier: 'urn:orders',
    name: { en: 'Orders', de: 'Bestellungen' },
    scopes: { 'read:x': 'x' },
  };
  expect(loadSettings({ resources: [named] }).resources[0]?.name).toEqual(named.name);
  expect(branding.name).toEqual({ en: 'Works', de: 'Werk' });
  expect(resources[0]?.scopes).toEqual({ 'read:orders': words });
  expect(loadSettings(orders('See your orders')).resources[0]?.scopes).toEqual({
    'read:orders': 'See your orders',
  });
});

test.each([
  [{ de: 'Werk' }, /branding\.name.*needs en beside the other languages/],
  [{ en: 'Works', 'de-AT': 'Werk' }, /branding\.name/],
  [{ en: '' }, /branding\.name/],
  [{ en: 'Works\u202e' }, /branding\.name/],
  [['Works'], /branding\.name.*must be a text, or a mapping/],
  [{}, /branding\.name/],
])('%j is no name', (name, fault) => {
  expect(() => loadSettings({ branding: { name } })).toThrow(fault);
});

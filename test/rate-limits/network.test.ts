// Addresses as keys to count by.
import { expect, test } from 'vitest';
import { isSameNetwork } from '../../server/rate-limits/network.ts';
import { networkOf } from '../../server/web/address.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:C000:0201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8::/64'],
  ['2001:db8:1:3::', '2001:db8:1:3::/64'],
  ['::1', '::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
])('S07: %s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['2001:db8:1:2::a', '2001:db8:1:2:ffff::1', true],
  ['127.0.0.1', '::1', true],
  ['127.0.0.1', '192.0.2.1', false],
  ['::1', '::2', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['192.0.2.1', '2001:db8::1', false],
])('D25: %s and %s are of one network: %j', (one, other, isSame) => {
  expect(isSameNetwork(one, other)).toBe(isSame);
});

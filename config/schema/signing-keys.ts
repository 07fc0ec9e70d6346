// How the keys that sign tokens rotate: `signing_keys`.
import { z } from 'zod';
import { reads, seconds } from './elements.ts';

export const signingKeys = z
  .strictObject({
    rotate_after_seconds: seconds(
      7_776_000,
      'A key signs this long (90 days), then the next one does. A stolen one is good for no longer.',
    ),
    publish_ahead_seconds: seconds(
      604_800,
      'The next key is published this long (7 days) before it signs, so that it is in every cache: /jwks may be cached for an hour, or for this where it is less.',
    ),
  })
  .refine((section) => section.publish_ahead_seconds <= section.rotate_after_seconds, {
    path: ['publish_ahead_seconds'],
    error: 'must not be longer than rotate_after_seconds',
    when: reads('publish_ahead_seconds', 'rotate_after_seconds'),
  });

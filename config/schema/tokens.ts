// How long codes and tokens live: `tokens`.
import { z } from 'zod';
import { reads, seconds } from './elements.ts';

export const tokens = z
  .strictObject({
    access_token_seconds: seconds(3600, 'Life of an access token; a resource may set its own.'),
    authorization_code_seconds: seconds(60, 'Life of a code: one redirect and one call (ASVS 10.4.3).', {
      max: 60,
    }),
    id_token_seconds: seconds(600, 'Life of an ID token: it tells of a sign-in, it is no key to anything.'),
    interaction_seconds: seconds(1800, 'How long sign-in and consent may take; a stale page is a trap.', {
      max: 1800,
    }),
    refresh_idle_seconds: seconds(2_592_000, 'A refresh token that is not used this long (30 days) is dead.'),
    refresh_absolute_seconds: seconds(
      31_536_000,
      'After this long (365 days) the person is asked again, however busy.',
    ),
    refresh_retry_window_seconds: seconds(
      10,
      'The same refresh sent again within this time gets the same successor: an answer lost on the way logs nobody out. 0 is never.',
      { min: 0, max: 60 },
    ),
    tombstone_seconds: seconds(
      86_400,
      'How long spent and revoked rows are kept, so that a replay is known as one.',
    ),
    service_jwt_seconds: seconds(
      3600,
      'The longest life of a JWT that a service account signs itself and sends to an API.',
      { max: 3600 },
    ),
    clock_skew_seconds: seconds(15, 'How far the clocks of others may be off when they sign a time.', {
      min: 0,
      max: 15,
    }),
  })
  .refine((section) => section.refresh_idle_seconds <= section.refresh_absolute_seconds, {
    path: ['refresh_idle_seconds'],
    error: 'must not be longer than refresh_absolute_seconds',
    when: reads('refresh_idle_seconds', 'refresh_absolute_seconds'),
  });

// Accounts and how long people stay signed in: `people`, `sessions`.
import { z } from 'zod';
import { flag, list, reads, seconds, whole } from './elements.ts';

export const people = z.strictObject({
  sign_up: flag(true, 'May people make an account themselves? Otherwise an operator makes it.'),
  password_min_length: whole(
    12,
    'Characters of a new password. Length is what counts; nothing else is asked (ASVS 6.2.1).',
    {
      min: 8,
      max: 64,
    },
  ),
  blocked_password_words: list(
    z.string().min(3),
    'Words that no password may be built upon, such as the name of the product (ASVS 6.2.11).',
  ),
});

export const sessions = z
  .strictObject({
    idle_seconds: seconds(1_209_600, 'A person who stays away this long (14 days) signs in again.'),
    absolute_seconds: seconds(2_592_000, 'After this long (30 days) everybody signs in again, however busy.'),
    admin_idle_seconds: seconds(
      1800,
      'The same for administrators (30 minutes): an open door there costs more.',
    ),
    admin_absolute_seconds: seconds(43_200, 'The same for administrators (12 hours): a working day.'),
    step_up_seconds: seconds(
      300,
      'How long ago the password may have been given when something dangerous is done.',
    ),
  })
  .refine((section) => section.idle_seconds <= section.absolute_seconds, {
    path: ['idle_seconds'],
    error: 'must not be longer than absolute_seconds',
    when: reads('idle_seconds', 'absolute_seconds'),
  })
  .refine((section) => section.admin_idle_seconds <= section.admin_absolute_seconds, {
    path: ['admin_idle_seconds'],
    error: 'must not be longer than admin_absolute_seconds',
    when: reads('admin_idle_seconds', 'admin_absolute_seconds'),
  });

// Other numbers for one rate limit: `limits.NAME`.
import { z } from 'zod';
import { TEN_YEARS_SECONDS } from './elements.ts';

export const limit = z.strictObject({
  max: z.int().min(1).describe('How many in one window.'),
  window_seconds: z.int().min(1).max(TEN_YEARS_SECONDS).describe('How long the window is.'),
  cool_down_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      'The last try and each one beyond it are followed by so long a pause. Default: as it is built in.',
    ),
});

// How the server shows itself to people: `branding`.
import { z } from 'zod';
import { localizedWords } from './names.ts';

function isWebLink(value: string): boolean {
  return URL.canParse(value) && ['https:', 'http:', 'mailto:'].includes(new URL(value).protocol);
}

const webLink = z.string().refine(isWebLink, 'must be an https, http or mailto link');

export const branding = z.strictObject({
  name: localizedWords
    .default('Latchkey')
    .describe(
      'The name that people read on every page and in every message; a text, or one for each language.',
    ),
  accent_color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#1f6feb"')
    .optional()
    .describe('Colour of buttons and links; unset is the colour of the stylesheet.'),
  support_url: webLink.optional().describe('Where people find help; unset shows no link.'),
  privacy_url: webLink.optional().describe('The privacy policy; unset shows no link.'),
  terms_url: webLink.optional().describe('The terms of use; unset shows no link.'),
});

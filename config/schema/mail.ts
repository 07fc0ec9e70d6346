// Messages to people: `mail`.
import { z } from 'zod';
import { textWithout } from './elements.ts';

function findSmtpUrlFault(value: string): string | undefined {
  if (!/^smtps?:\/\/[^/]/.test(value) || !URL.canParse(value))
    return 'must be a URL such as smtps://user:password@mail.example.com';
  const { pathname, search, hash, username, password } = new URL(value);
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '')
    return 'must have nothing after host and port';
  if ((username === '') !== (password === '')) return 'needs a user name and a password, or neither';
  return undefined;
}

const mailAddress = z
  .string()
  .regex(/^[^\s"(),:;<>@[\\\]]+@[a-z0-9.-]+$/i, 'must be one e-mail address, without a name');

export const mail = z.strictObject({
  from: mailAddress
    .optional()
    .meta({ fallback: 'no-reply@ the host of the issuer' })
    .describe('Who messages come from, under the name of branding.name.'),
  operator: mailAddress
    .optional()
    .describe(
      'Who is told when a person reports a device, beside the administrators whose address is confirmed. Unset: these alone.',
    ),
  smtp_url: textWithout(findSmtpUrlFault)
    .optional()
    .describe(
      '`smtps://user:password@host` or `smtp://…` (STARTTLS, unless the host is this machine). Unset: on a loopback issuer people find their messages at /mail, elsewhere nobody gets any.',
    ),
});

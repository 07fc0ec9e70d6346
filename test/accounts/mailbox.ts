// What people find in their mailboxes.
import type { MailingApp } from '../support/app.ts';

/** The mails to this address, the newest first; what waits is sent before. */
export async function mailsTo(app: MailingApp, email: string) {
  await app.postOffice.deliverDue();
  return (app.postOffice.mailbox?.list() ?? []).filter(({ to }) => to === email);
}

/** The path of the link in the newest mail to this address with such a subject. */
export async function linkTo(app: MailingApp, email: string, subject: string): Promise<string> {
  const mail = (await mailsTo(app, email)).find((one) => one.subject === subject);
  if (mail?.link === undefined) throw new Error(`no mail "${subject}" with a link to ${email}`);
  return new URL(mail.link).pathname;
}

export const CONFIRM = 'Confirm your e-mail address';
export const RESET = 'Choose a new password';

// A mail as it is sent: plain text, and the same paragraphs as simple HTML. No picture, no script, nothing that tells who read it.
import type { Mail } from './mail.ts';

export type RenderedMail = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The link that the mail is about, if it has one. */
  readonly link: string | undefined;
};

type MailViews = {
  render(name: string, locals: Record<string, unknown>): string;
  renderText(name: string, locals: Record<string, unknown>): string;
};

function isLink(paragraph: string): boolean {
  return /^https?:\/\/\S+$/.test(paragraph);
}

/** Paragraphs stand apart by an empty line; one that is nothing but an address becomes a link. */
export function createMailRenderer({ views, issuer }: { views: MailViews; issuer: string }) {
  return function renderMail({ template, to, locals }: Mail): RenderedMail {
    const written = views.renderText(`mail/${template}`, { ...locals, issuer });
    const [subject = '', ...paragraphs] = written.trim().split(/\n\s*\n/);
    const parts = paragraphs.map((text) => ({ text, is_link: isLink(text) }));
    return {
      to,
      subject,
      text: `${paragraphs.join('\n\n')}\n`,
      html: views.render('mail/message', { subject, parts }),
      link: paragraphs.find(isLink),
    };
  };
}

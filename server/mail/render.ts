// A mail as it is sent: plain text, and the same paragraphs as simple HTML. No picture, no script, nothing that tells who read it.
import type { Language, Localized, Words } from '../web/words.ts';
import type { Mail } from './mail.ts';

export type RenderedMail = {
  readonly to: string;
  /** The name under which it is sent. */
  readonly sender: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The link that the mail is about, if it has one. */
  readonly link: string | undefined;
};

type MailViews = {
  render(name: string, locals: Record<string, unknown>, language: Language): string;
  renderText(name: string, locals: Record<string, unknown>, language: Language): string;
  readonly words: Words;
};

type Parts = { views: MailViews; issuer: string; sender: Localized };

function isLink(paragraph: string): boolean {
  return /^https?:\/\/\S+$/.test(paragraph);
}

/** Paragraphs stand apart by an empty line; one that is nothing but an address becomes a link. */
export function createMailRenderer({ views, issuer, sender }: Parts) {
  return function renderMail({ template, to, locale, locals }: Mail): RenderedMail {
    const language = views.words.choose(locale === undefined ? [] : [locale]);
    const written = views.renderText(`mail/${template}`, { ...locals, issuer }, language);
    const [subject = '', ...paragraphs] = written.trim().split(/\n\s*\n/);
    const parts = paragraphs.map((text) => ({ text, is_link: isLink(text) }));
    return {
      to,
      sender: language.pick(sender),
      subject,
      text: `${paragraphs.join('\n\n')}\n`,
      html: views.render('mail/message', { subject, parts }, language),
      link: paragraphs.find(isLink),
    };
  };
}

// A form that a browser is sent on with by 303 (RFC 9700 section 4.12), so that it comes again with GET and its SameSite cookies.
import { Refusal } from '../errors.ts';
import type { WebContext } from '../web/context.ts';

// It comes again with all of it in the address, beside its cookies: Node reads 16 KiB of that.
const LONGEST_BYTES = 12_288;

export type ReadText = (ctx: WebContext, maxBytes: number) => Promise<string>;

/** Refuses with too_large what fits into no address; a form that is written short may be long there. */
export async function sendOn(ctx: WebContext, path: string, readText: ReadText): Promise<void> {
  const query = new URLSearchParams(await readText(ctx, LONGEST_BYTES)).toString();
  if (query.length > LONGEST_BYTES) throw new Refusal('too_large');
  ctx.status = 303;
  ctx.redirect(`${path}?${query}`);
}

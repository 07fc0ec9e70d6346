// Row T15: a code is spent by the token that it buys, in one unit with it; whatever is refused before that leaves the code as it was.
import { errors, Provider } from 'oidc-provider';

type Code = { consume(): Promise<void>; error?: string; resource?: string | string[] };
type CodeModel = { prototype: Code };

/** The engine spends a code before it looks at the API that is asked for and at the proof. Here that waits for the token. */
export function spendCodesWithTokens(provider: Provider): void {
  const spendings = new WeakMap<object, () => Promise<void>>();
  for (const model of [provider.AuthorizationCode, provider.DeviceCode] as unknown as CodeModel[]) {
    const { consume } = model.prototype;
    model.prototype.consume = async function consumeLater() {
      const { ctx } = Provider;
      // What was denied buys nothing: it is spent by being told.
      if (ctx === undefined || this.error !== undefined) return consume.call(this);
      spendings.set(ctx, () => consume.call(this));
    };
  }
  const { prototype } = provider.AccessToken;
  const { save } = prototype;
  prototype.save = async function saveAndSpend(...input) {
    const { ctx } = Provider;
    const spend = ctx && spendings.get(ctx);
    if (ctx !== undefined) spendings.delete(ctx);
    await spend?.();
    return save.apply(this, input);
  };
}

/** RFC 8707 section 2.2: one API of those that were granted, by its name or because there is only one. */
function checkTarget(granted: unknown, asked: unknown): void {
  const known = [granted].flat();
  const wanted = [asked || granted].flat();
  if (wanted.length > 1 || (wanted[0] && !known.includes(wanted[0]))) throw new errors.InvalidTarget();
}

/** A refresh token is spent when its successor is stored, and the engine looks at the API after that. Here it is judged before. */
export function judgeTargetBeforeRefresh(provider: Provider): void {
  const { prototype } = provider.RefreshToken as unknown as CodeModel;
  const { consume } = prototype;
  prototype.consume = async function judgeAndConsume() {
    checkTarget(this.resource, Provider.ctx?.oidc.params?.resource);
    return consume.call(this);
  };
}

// Pushed authorization requests (RFC 9126 section 2.3): one client at one network pushes so many a minute, and then hears 429.
import { type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Limiter } from '../rate-limits/limiter.ts';
import { networkOf } from '../web/address.ts';

class TooMany extends errors.OIDCProviderError {
  constructor(retryAfterSeconds: number) {
    super(429, 'too_many_requests');
    this.error_description = 'too many requests were pushed, please wait';
    Provider.ctx?.set('Retry-After', String(retryAfterSeconds));
  }
}

type Upsert = (id: string, payload: AdapterPayload, expiresIn: number) => Promise<void>;

/** Every one is stored until its minute is over, whether anybody comes with it or not. */
export function limitPushed<Methods extends { upsert: Upsert }>(
  methods: Methods,
  {
    limiter,
    origin,
  }: { limiter: Pick<Limiter, 'take'>; origin: () => { address: string | undefined } | undefined },
): Methods {
  return {
    ...methods,
    async upsert(id: string, payload: AdapterPayload, expiresIn: number) {
      const clientId = Provider.ctx?.oidc.client?.clientId ?? '';
      const network = networkOf(origin()?.address ?? '');
      const verdict = await limiter.take('pushed_request.issue', `${clientId} ${network}`);
      if (!verdict.isAllowed) throw new TooMany(verdict.retryAfterSeconds);
      return methods.upsert(id, payload, expiresIn);
    },
  };
}

// What the engine is told when storage cannot serve: 503, never 500, and never a redirect that would lose the request.
import { errors } from 'oidc-provider';
import { StorageFault } from '../storage/faults.ts';

class Unavailable extends errors.OIDCProviderError {
  constructor(cause: unknown) {
    super(503, 'temporarily_unavailable');
    this.error_description = 'the service cannot answer right now, please retry';
    this.expose = true;
    this.allow_redirect = false;
    this.cause = cause;
  }
}

/** Whether the engine threw it because storage cannot serve. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Unavailable;
}

/** Runs `act` and turns a StorageFault into the engine's own kind of error. */
export async function available<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof StorageFault ? new Unavailable(error) : error;
  }
}

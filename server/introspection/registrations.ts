// Registrations as the one read finds them: text, of which the same is parsed once, whoever changed it in between.
import type { Registration } from '../clients/clients.ts';
import { parseRegistration } from '../clients/registration-text.ts';

const MOST_KNOWN = 200;

/** Answers the same object for the same text, so that what others remember of its keys is found again. */
export function createRegistrationReader() {
  const known = new Map<string, Registration>();

  return function readRegistration(text: string): Registration {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST_KNOWN) known.clear();
    const registration = parseRegistration(text);
    known.set(text, registration);
    return registration;
  };
}

// Refusals: the one table of expected answers of no, their status and their public words (RFC 6749 section 5.2).

const refusals = {
  invalid_request: { status: 400, words: 'The request is not valid.' },
  invalid_grant: { status: 400, words: 'grant request is invalid' },
  invalid_client: { status: 401, words: 'client authentication failed' },
  invalid_token: { status: 401, words: 'invalid token provided' },
  invalid_dpop_proof: { status: 401, words: 'The DPoP proof is not valid.' },
  invalid_request_uri: { status: 400, words: 'request_uri is invalid, expired, or was already used' },
  unauthorized: { status: 401, words: 'Please sign in first.' },
  wrong_credentials: { status: 401, words: 'The e-mail or the password is not right.' },
  access_denied: { status: 403, words: 'You may not do this.' },
  insufficient_scope: { status: 403, words: 'The access token is not for this.' },
  csrf_failed: {
    status: 403,
    words: 'This form was not sent from our page, or it is too old. Go back, reload and try again.',
  },
  not_found: { status: 404, words: 'There is nothing here.' },
  method_not_allowed: { status: 405, words: 'This address does not answer that method.' },
  conflict: { status: 409, words: 'This was changed by somebody else in the meantime.' },
  already_exists: { status: 409, words: 'This exists already.' },
  expired: { status: 410, words: 'This has expired or was used already.' },
  too_large: { status: 413, words: 'The request is too large.' },
  unsupported_media_type: {
    status: 415,
    words: 'The body must be a form (application/x-www-form-urlencoded).',
  },
  misdirected: { status: 421, words: 'This server does not answer for that host.' },
  idempotency_key_reused: {
    status: 422,
    words: 'This Idempotency-Key came before, with another request.',
  },
  too_many_requests: { status: 429, words: 'Too many attempts. Wait a little and try again.' },
  server_error: { status: 500, words: 'Something went wrong on our side.' },
  temporarily_unavailable: {
    status: 503,
    words: 'We cannot do this right now. Please try again in a moment.',
  },
} as const;

export type RefusalCode = keyof typeof refusals;

/** The whole table, for docs/errors.md. */
export function listRefusals(): { code: string; status: number; words: string }[] {
  return Object.entries(refusals).map(([code, { status, words }]) => ({ code, status, words }));
}

type RefusalOptions = {
  /** Public words, where the table's are too general: an English sentence of the catalogue of words. */
  words?: string;
  /** What stands in the sentence at `{name}`. */
  values?: Readonly<Record<string, string | number>>;
  /** The private reason: for the log, never for the answer. */
  reason?: string;
  /** The parameter or field at fault. */
  param?: string;
  retryAfterSeconds?: number;
  cause?: unknown;
};

function fill(sentence: string, values: RefusalOptions['values']): string {
  if (values === undefined) return sentence;
  return sentence.replace(/\{([a-z_]+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** An expected no. Whatever is thrown and is not a Refusal is a bug and answers 500. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  /** The sentence with its values, in English. */
  readonly words: string;
  readonly sentence: string;
  readonly values: RefusalOptions['values'];
  readonly reason: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RefusalCode, options: RefusalOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Refusal';
    this.code = code;
    this.status = refusals[code].status;
    this.sentence = options.words ?? refusals[code].words;
    this.values = options.values;
    this.words = fill(this.sentence, options.values);
    this.reason = options.reason;
    this.param = options.param;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (this.status === 503 ? 1 : undefined);
  }
}

/** The public shape of every refusal of ours: {error, error_description, param, request_id}. */
export function describeRefusal(refusal: Refusal, requestId: string) {
  return {
    error: refusal.code,
    error_description: refusal.words,
    ...(refusal.param === undefined ? {} : { param: refusal.param }),
    request_id: requestId,
  };
}

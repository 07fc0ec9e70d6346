// Refusals: an expected no has a stable code, public words, and a private reason that never leaves. Pure.
import { describe, expect, test } from 'vitest';
import { describeRefusal, Refusal } from '../server/errors.ts';

describe('a refusal', () => {
  test('has the status and the words of its code', () => {
    const refusal = new Refusal('not_found');
    expect(refusal).toMatchObject({ code: 'not_found', status: 404, words: 'There is nothing here.' });
    expect(refusal).toBeInstanceOf(Error);
  });

  test('shows its code, its words and the request, and where there is one the field at fault', () => {
    expect(describeRefusal(new Refusal('conflict'), 'req-1')).toEqual({
      error: 'conflict',
      error_description: 'This was changed by somebody else in the meantime.',
      request_id: 'req-1',
    });
    const refusal = new Refusal('already_exists', {
      words: 'The client looms exists already.',
      param: 'client_id',
    });
    expect(describeRefusal(refusal, 'req-2')).toEqual({
      error: 'already_exists',
      error_description: 'The client looms exists already.',
      param: 'client_id',
      request_id: 'req-2',
    });
  });

  test('keeps its reason and its cause for the log: nothing of them is in what is shown', () => {
    const cause = new Error('password of ada is abc');
    const refusal = new Refusal('wrong_credentials', { reason: 'no such account', cause });
    expect(refusal.reason).toBe('no such account');
    expect(refusal.cause).toBe(cause);
    const shown = JSON.stringify(describeRefusal(refusal, 'req-3'));
    expect(shown).not.toMatch(/no such account|abc/);
    expect(refusal.message).toBe('wrong_credentials');
  });

  test('S02: a wrong e-mail and a wrong password are one refusal with one text', () => {
    const words = ['no such account', 'wrong password'].map(
      (reason) => describeRefusal(new Refusal('wrong_credentials', { reason }), 'req-4').error_description,
    );
    expect(new Set(words).size).toBe(1);
  });

  test('that will pass says when to come again; others do not, unless told', () => {
    expect(new Refusal('temporarily_unavailable').retryAfterSeconds).toBe(1);
    expect(new Refusal('temporarily_unavailable', { retryAfterSeconds: 30 }).retryAfterSeconds).toBe(30);
    expect(new Refusal('too_many_requests', { retryAfterSeconds: 60 }).retryAfterSeconds).toBe(60);
    expect(new Refusal('not_found').retryAfterSeconds).toBeUndefined();
    expect(new Refusal('not_found')).not.toHaveProperty('cause');
  });
});

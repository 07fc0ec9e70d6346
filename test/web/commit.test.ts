// The unit of work around a request: what becomes of an answer that says it cannot serve.
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { createCommit } from '../../server/web/commit.ts';
import { createTestApp } from './support.ts';

function createUnavailable(retryAfter: string) {
  const commit = createCommit({
    inUnit: (act) =>
      act(async () => {
        throw new Error('nothing is committed above 499');
      }),
    isConflict: () => false,
    answerConflict: async () => false,
  });
  const { app } = createTestApp((mounted) =>
    mounted.use(commit).use((ctx) => {
      ctx.body = { error: 'temporarily_unavailable' };
      ctx.status = 503;
      ctx.set('Set-Cookie', 'session=1');
      if (retryAfter !== '') ctx.set('Retry-After', retryAfter);
    }),
  );
  return supertest(app.callback()).get('/').set({ Host: 'id.example' });
}

test('H8: who answers 503 without saying when to come again has it said, and sets no cookie', async () => {
  const { status, headers } = await createUnavailable('');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(headers).not.toHaveProperty('set-cookie');
});

test('F26: who says when to come again is not contradicted', async () => {
  expect((await createUnavailable('2')).headers['retry-after']).toBe('2');
});

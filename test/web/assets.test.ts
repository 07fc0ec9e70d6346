// The files behind the pages: which are served, as what, and for how long they may be kept.
import Koa from 'koa';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../server/errors.ts';
import { createAssets } from '../../server/web/assets.ts';

const assets = createAssets();
const style = assets.urlFor('style.css');

function server(parts = assets) {
  const app = new Koa();
  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.status = error.status;
      ctx.body = error.code;
    }
  });
  app.use(parts.middleware);
  app.use((ctx) => {
    ctx.body = 'not an asset';
  });
  return request(app.callback());
}

describe('assets', () => {
  test('RFC 8246: under the name with its hash a file may be kept for ever', async () => {
    const answer = await server().get(style).expect(200);
    expect(style).toMatch(/^\/assets\/style\.[0-9a-f]{12}\.css$/);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect(answer.text).toContain('--accent');
  });

  test.each(['/assets/style.css', '/assets/style.000000000000.css'])(
    'RFC 9111: under %s it is asked for again',
    async (url) => {
      const answer = await server().get(url).expect(200);
      expect(answer.headers['cache-control']).toBe('no-cache');
    },
  );

  test('RFC 9110 section 13.1.2: who has it already gets 304 and no body', async () => {
    const first = await server().get('/assets/style.css');
    const second = await server()
      .get('/assets/style.css')
      .set('If-None-Match', String(first.headers.etag))
      .expect(304);
    expect(second.text).toBe('');
  });

  test('C06: HEAD answers as GET does, other methods 405 with Allow', async () => {
    const head = await server().head(style).expect(200);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
    const post = await server().post(style).expect(405);
    expect(post.headers.allow).toBe('GET, HEAD');
  });

  test.each([
    '/assets/',
    '/assets/none.css',
    '/assets/../layout.njk',
    '/assets/%2e%2e/layout.njk',
    '/assets/..%2flayout.njk',
    '/assets/__proto__',
  ])('only known files are served, not %s', async (url) => {
    const answer = await server().get(url);
    expect(answer.text).not.toContain('doctype');
    expect([200, 404]).toContain(answer.status);
    if (answer.status === 200) expect(answer.text).toBe('not an asset');
  });

  test('whatever is not below /assets/ goes on to the next part', async () => {
    expect((await server().get('/assets').expect(200)).text).toBe('not an asset');
  });

  test("the operator's accent colour is part of the stylesheet and of its hash", async () => {
    const branded = createAssets({ accent_color: '#1f4fd0' });
    expect(branded.urlFor('style.css')).not.toBe(style);
    const answer = await server(branded).get(branded.urlFor('style.css')).expect(200);
    expect(answer.text).toContain('--accent:#1f4fd0');
  });

  test('a template that links a file that is not there fails', () => {
    expect(() => assets.urlFor('none.css')).toThrow('views/assets has no none.css');
  });

  test('C02: no asset loads anything from elsewhere', async () => {
    const answer = await server().get(style);
    expect(answer.text).not.toMatch(/@import|url\(|https?:/);
  });
});

// The files of views/assets at /assets/…, read once at start, cached for ever under a name that carries their hash
// (RFC 9111, RFC 8246).
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Context, Next } from 'koa';
import { Refusal } from '../errors.ts';
import { sha256Hex } from '../secrets.ts';
import { accentStyles } from './accent.ts';

const directory = new URL('../../views/assets/', import.meta.url);
const HASH_LENGTH = 12;

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The backgrounds of style.css on which the accent colour is hardest to read; on all others it is easier. */
const hardest = { light: '#f4f6f5', dark: '#1a1f24' };

type Asset = { body: Buffer; contentType: string; hash: string; url: string };

export type Assets = ReturnType<typeof createAssets>;

/** `urlFor` throws for an unknown name: a template that links what is not there is a bug. */
export function createAssets(branding: { accent_color?: string | undefined } = {}) {
  const assets = new Map(readAssets(branding.accent_color).map((asset) => [asset.name, asset]));

  function urlFor(name: string): string {
    const asset = assets.get(name);
    if (asset === undefined) throw new Error(`views/assets has no ${name}`);
    return asset.url;
  }

  async function middleware(ctx: Context, next: Next): Promise<void> {
    if (!ctx.path.startsWith('/assets/')) return next();
    const asset = assets.get(plainName(ctx.path));
    if (asset === undefined) throw new Refusal('not_found');
    checkMethod(ctx);
    answer(ctx, asset);
  }

  return { urlFor, middleware };
}

function readAssets(accentColor: string | undefined): (Asset & { name: string })[] {
  return readdirSync(directory).map((name) => {
    const contentType = contentTypes[extname(name)];
    if (contentType === undefined) throw new Error(`views/assets/${name} has no known content type`);
    const file = readFileSync(new URL(name, directory), 'utf8');
    const isBranded = name === 'style.css' && accentColor !== undefined;
    const text = isBranded ? file + accentStyles(accentColor, hardest) : file;
    const hash = sha256Hex(text).slice(0, HASH_LENGTH);
    const url = `/assets/${name.replace(/(\.\w+)$/, `.${hash}$1`)}`;
    return { name, body: Buffer.from(text), contentType, hash, url };
  });
}

// Any hash finds the file: during an upgrade a page of the new process may load its style from the old one.
function plainName(path: string): string {
  return path.slice('/assets/'.length).replace(/\.[0-9a-f]{12}(\.\w+)$/, '$1');
}

function checkMethod(ctx: Context): void {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return;
  ctx.set('Allow', 'GET, HEAD');
  throw new Refusal('method_not_allowed');
}

function answer(ctx: Context, asset: Asset): void {
  const isHashed = ctx.path === asset.url;
  ctx.status = 200;
  ctx.set('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.etag = asset.hash;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.type = asset.contentType;
  ctx.body = asset.body;
}

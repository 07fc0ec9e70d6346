// The middleware every request passes, in order. What comes after is mounted by app.ts.

import Koa from 'koa';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../observability/log.ts';
import { createTrustedProxies } from './address.ts';
import type { Middleware, WebApp, WebContext } from './context.ts';
import type { CookieKeys } from './cookie-keys.ts';
import { asError, createErrors, type ErrorOptions } from './errors.ts';
import type { Health } from './health.ts';
import { bindToIssuer, createHostCheck, readableTarget } from './host-check.ts';
import { createAccessLog, createIdentify } from './identify.ts';
import { knownMethods } from './method-guard.ts';
import { baseHeaders, createSecurityHeaders } from './security-headers.ts';
import { singleHeaders } from './single-headers.ts';

type WebAppOptions = ErrorOptions & {
  config: Pick<Config, 'issuer' | 'allowed_hosts' | 'trusted_proxies'>;
  keys: CookieKeys;
  health: Health;
  onHostRejected?: (ctx: WebContext, host: string) => void;
};

export function createWebApp({ config, keys, health, onHostRejected, ...errors }: WebAppOptions): WebApp {
  const app: WebApp = new Koa();
  app.keys = keys;
  bindToIssuer(app, config.issuer);
  answerLateErrors(app, { issuer: config.issuer, log: errors.log });
  const proxies = createTrustedProxies(config.trusted_proxies);
  const hosts = { issuer: config.issuer, allowedHosts: config.allowed_hosts, proxies };
  const middleware: Middleware[] = [
    readableTarget,
    createIdentify(proxies),
    createAccessLog(errors.log),
    createSecurityHeaders(config.issuer),
    createErrors(errors),
    health.answer,
    createHostCheck({ ...hosts, ...(onHostRejected && { onHostRejected }) }),
    knownMethods,
    singleHeaders,
  ];
  for (const each of middleware) app.use(each);
  return app;
}

/** Errors after the middleware: a body that cannot be written, a connection that broke. Koa would drop our headers. */
function answerLateErrors(app: WebApp, { issuer, log }: { issuer: string; log: Log }): void {
  app.context.onerror = function onerror(this: WebContext, error: Error | null) {
    if (!error) return;
    const fields = { request_id: this.state.requestId, error: asError(error) };
    if (!this.writable) return log.debug('connection.broken', fields);
    log.error('server_error', fields);
    if (this.headerSent) {
      this.res.destroy();
      return;
    }
    for (const name of this.res.getHeaderNames()) this.res.removeHeader(name);
    const headers = { ...baseHeaders(issuer), 'Content-Type': 'application/json; charset=utf-8' };
    this.res.writeHead(500, headers).end('{"error":"server_error"}');
  };
}

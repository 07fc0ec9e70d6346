// A single page with oidc-client-ts as its documentation has it: the library's browser bundle, and a button for each act.
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json'));
const BUNDLE = readFileSync(join(PACKAGE, 'dist/browser/oidc-client-ts.min.js'));

type Settings = { authority: string; client_id: string; origin: string; scope: string };

function renderPage({ authority, client_id, origin, scope }: Settings): string {
  const settings = {
    authority,
    client_id,
    redirect_uri: `${origin}/callback`,
    post_logout_redirect_uri: `${origin}/`,
    scope,
    loadUserInfo: true,
    automaticSilentRenew: false,
  };
  return `<!doctype html>
<title>The app</title>
<link rel="icon" href="data:,">
<button id="in">Sign in</button>
<button id="renew">Renew</button>
<button id="revoke">Revoke</button>
<button id="out">Sign out</button>
<output></output>
<script src="/oidc-client-ts.js"></script>
<script type="module">
  const manager = new oidc.UserManager(${JSON.stringify(settings)});
  const output = document.querySelector('output');
  let count = 0;
  async function show(act) {
    try {
      await act();
      const user = await manager.getUser();
      output.textContent = JSON.stringify({ count: ++count, user });
    } catch (error) {
      output.textContent = JSON.stringify({ count: ++count, error: String(error) });
    }
  }
  document.querySelector('#in').onclick = () => show(() => manager.signinRedirect());
  document.querySelector('#renew').onclick = () => show(() => manager.signinSilent());
  document.querySelector('#revoke').onclick = () => show(() => manager.revokeTokens());
  document.querySelector('#out').onclick = () => show(() => manager.signoutRedirect());
  const isBack = location.pathname === '/callback';
  await show(() => (isBack ? manager.signinCallback() : undefined));
</script>`;
}

export function createSinglePageApp(settings: Settings): RequestListener {
  const html = renderPage(settings);
  return (request, response) => {
    const isBundle = request.url === '/oidc-client-ts.js';
    response.setHeader('Content-Type', isBundle ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isBundle ? BUNDLE : html);
  };
}

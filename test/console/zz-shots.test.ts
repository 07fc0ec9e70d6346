// Temporary: screenshots.
import { test } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { PASSWORD } from '../support/world.ts';
import { createConsoleWorld, GRACE } from './console-world.ts';

test('shots', async () => {
  const w = await createConsoleWorld();
  const b = await launchBrowser();
  const axe = (await import('node:fs')).readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
  const paths: [string, string][] = [
    ['overview', '/admin'],
    ['people', '/admin/people'],
    ['search', '/admin/people?email=zz'],
    ['person', `/admin/people/${w.ada.id}`],
    ['disable', `/admin/people/${w.ada.id}/disable`],
    ['clients', '/admin/clients'],
    ['client', `/admin/clients/${w.notes.id}`],
    ['requests', '/admin/requests'],
    ['apis', '/admin/apis'],
    ['issuers', '/admin/issuers'],
    ['machines', '/admin/service-accounts'],
    ['audit', '/admin/audit'],
    ['audit-err', '/admin/audit?account=nobody@example.com'],
    ['doctor', '/admin/doctor'],
    ['own', `/admin/people/${w.grace.id}`],
  ];
  const only = process.env.ONLY?.split(',');
  for (const [name, width, scheme, locale] of [
    ['desk-light', 1280, 'light', 'en'],
    ['phone-dark', 360, 'dark', 'en'],
    ['desk-dark', 1280, 'dark', 'de'],
    ['phone-light', 360, 'light', 'de'],
  ] as const) {
    if (only && !only.includes(name)) continue;
    const c = await b.newContext({
      bypassCSP: true,
      viewport: { width, height: 800 },
      colorScheme: scheme,
      locale,
    });
    const p = await c.newPage();
    p.on('console', (m) => {
      if (m.type() === 'error') console.log(name, m.text());
    });
    await p.goto(`${w.app.config.issuer}/sign-in?return_to=/admin`);
    await p.fill('[name=email]', GRACE);
    await p.fill('[name=password]', PASSWORD);
    await p.click('main button[type=submit]');
    for (const [n, path] of paths) {
      await p.goto(w.app.config.issuer + path);
      await p.screenshot({ path: `/tmp/lk/shots/console-${n}-${name}.png`, fullPage: true });
      const over = (await p.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )) as number;
      const found = (await p
        .evaluate(
          axe +
            `;axe.run(document).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ") + " " + n.failureSummary).join(" | ")))`,
        )
        .catch((e) => String(e))) as string[];
      if (found.length) console.log(n, name, found);
      if (over > 0) console.log('OVERFLOW', n, name, over);
    }
    if (name === 'desk-light') {
      await p.goto(`${w.app.config.issuer}/admin/clients/${w.notes.id}/rotate-secret`);
      await p.click('main button[type=submit]');
      await p.screenshot({ path: '/tmp/lk/shots/console-secret.png', fullPage: true });
    }
  }
  await b.close();
  await w.close();
}, 120000);

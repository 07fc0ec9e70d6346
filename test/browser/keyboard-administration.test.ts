// Nothing but the keyboard: what administrators, owners of keys and members of teams do, and what people do with their account (issue 5, bar 1).
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { startListeningWorld } from '../clients/listening-world.ts';
import { launchBrowser } from '../support/chromium.ts';
import { PASSWORD, type World } from '../support/world.ts';
import { createKeyboard } from './keyboard.ts';

const NEW_PASSWORD = 'a long walk over the hills';
const OPERATOR = asOperator('operator');

let world: World;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startListeningWorld(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function register(name: string, isAdmin = false) {
  const email = `${name.toLowerCase()}@example.org`;
  const { accounts } = world.app.parts;
  const { id } = await accounts.register({ email, name, password: PASSWORD, isAdmin }, 'operator');
  const { database } = world.app.parts;
  await database.transact(() =>
    database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${id}`),
  );
  return accounts.get(id);
}

/** Somebody who has just signed in, by keys alone, and who from there on has no mouse either. */
async function arrive(email: string) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const keys = createKeyboard(page);
  const see = (heading: string) => page.getByRole('heading', { name: heading }).first().waitFor();
  const hit = async (key: string) => page.keyboard.press(key);

  await page.goto(`${world.app.config.issuer}/sign-in`);
  await keys.fill('E-mail', email);
  await keys.fill('Password', PASSWORD);
  await hit('Enter');
  await see('Your account');
  return {
    ...{ context, page, keys, see, hit },
    goTo: (path: string) => page.goto(world.app.config.issuer + path),
    /** Tabs to a button or a link that leads to another page, and uses it. */
    async use(name: string): Promise<void> {
      await keys.tabTo(name);
      await Promise.all([page.waitForEvent('load'), hit('Enter')]);
    },
    /** Sends the form in whose field the focus is. */
    async send(): Promise<void> {
      await Promise.all([page.waitForEvent('load'), hit('Enter')]);
    },
    /** Around the page each control is a stop in sight, in its order. */
    async checkStops(): Promise<void> {
      const stops = await keys.goAround();
      expect(stops.map(({ name }) => name)).toEqual(await keys.listControls());
      expect(stops.filter(({ hasOutline, isOnScreen }) => !(hasOutline && isOnScreen))).toEqual([]);
    },
  };
}

test('bar 1: keys alone find a person and disable them, block a client and allow it again', async () => {
  const grace = await register('Grace', true);
  const doomed = await register('Doomed');
  const app = await world.registerClient({ name: 'Photo Box' });
  const { goTo, keys, use, see, send, checkStops, context } = await arrive(grace.email);

  await goTo('/admin');
  await use('People');
  await keys.fill('E-mail, name or id', 'doom');
  await send();
  await use('Doomed');
  await see('Doomed');
  await checkStops();
  await goTo(`/admin/people/${doomed.id}`);
  await use('Disable the account');
  await see('Disable this account?');
  await use('Disable the account');
  await see('Doomed');
  expect((await world.app.parts.accounts.get(doomed.id)).disabledAt).toBeDefined();

  await use('Clients');
  await use('Photo Box');
  await use('Block the client');
  await see('Block this client?');
  await use('Block the client');
  await see('Photo Box Blocked');
  expect((await world.app.parts.clients.get(app.id)).blockedAt).toBeDefined();
  await use('Allow the client');
  await see('Photo Box Allowed');
  expect((await world.app.parts.clients.get(app.id)).blockedAt).toBeUndefined();
  await context.close();
});

test('bar 1: keys alone let a client in that came asking', async () => {
  const margaret = await register('Margaret', true);
  await world.post('/device/code', { client_id: 'acme-cli', scope: 'read:tasks' });
  await world.app.parts.clients.flushRequests();
  const { goTo, use, see, context } = await arrive(margaret.email);
  await goTo('/admin/requests');
  await use('Allow acme-cli');
  await see('Nobody is waiting');
  expect((await world.app.parts.clients.get('acme-cli')).blockedAt).toBeUndefined();
  await context.close();
});

test('bar 1: keys alone make an API key with a scope, copy it, rotate it and revoke it', async () => {
  const { email } = await register('Ida');
  const { goTo, keys, use, see, hit, send, page, context } = await arrive(email);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copy = async () => {
    await keys.tabTo('Key');
    await hit('Control+a');
    await hit('Control+c');
    return page.evaluate<string>('navigator.clipboard.readText()');
  };

  await goTo('/account/keys/new');
  await keys.fill('Name', 'Robot');
  // Without a scope it is none.
  await send();
  await page.getByRole('alert').waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('problem');
  await keys.tabTo('Read your tasks');
  await hit('Space');
  await use('Make the key');
  await see('Copy your key now');
  const first = await copy();
  expect((await world.introspect(world.api, first)).body).toMatchObject({
    active: true,
    scope: 'read:tasks',
  });

  await use('I have copied it');
  await see('Robot');
  await keys.tabTo('The secret of before');
  await keys.type('ends');
  await use('Rotate');
  await see('Copy your key now');
  const second = await copy();
  expect(second).not.toBe(first);
  expect((await world.introspect(world.api, first)).body.active).toBe(false);
  await use('I have copied it');
  await use('Revoke');
  await see('Revoke this key?');
  await use('Revoke the key');
  await see('API keys');
  expect((await world.introspect(world.api, second)).body.active).toBe(false);
  await context.close();
});

test('bar 1: keys alone make a team, invite, change a role; and a member leaves', async () => {
  const [owner, member] = [await register('Annie'), await register('Mary')];
  const annie = await arrive(owner.email);
  await annie.goTo('/account/teams');
  await annie.keys.fill('Name of the team', 'Looms');
  await annie.send();
  await annie.see('Looms');
  const [team] = await world.app.parts.teams.listOf(owner.id);
  if (team === undefined) throw new Error('no team was made');

  await annie.keys.fill('E-mail', 'zoe@example.org');
  await annie.keys.tabTo('Role');
  await annie.keys.type('Admin');
  await annie.use('Send the invitation');
  await annie.page.getByText('zoe@example.org').first().waitFor();

  await world.app.parts.members.add(OPERATOR, { teamId: team.id, role: 'member' }, member);
  await annie.goTo(`/teams/${team.id}`);
  await annie.keys.tabTo(`Role of ${member.email}`);
  await annie.keys.type('Admin');
  await annie.use(`Save the role of ${member.email}`);
  await annie.see('Looms');
  expect((await world.app.parts.teams.listOf(member.id))[0]).toMatchObject({ role: 'admin' });
  await annie.goTo(`/teams/${team.id}`);
  await annie.checkStops();

  const mary = await arrive(member.email);
  await mary.goTo(`/teams/${team.id}`);
  await mary.use('Leave the team');
  await mary.use('Leave the team');
  await mary.see('Teams');
  expect(await world.app.parts.teams.listOf(member.id)).toEqual([]);
  await Promise.all([annie.context.close(), mary.context.close()]);
});

test('bar 1: keys alone change a password, after an error that has the focus, choose a language, and delete an account', async () => {
  const { id, email } = await register('Joan');
  const { goTo, keys, use, hit, send, page, see, context } = await arrive(email);
  await goTo('/account/password');
  await keys.fill('Current password', 'not this one at all');
  await keys.fill('New password', NEW_PASSWORD);
  await send();
  await page.getByRole('alert').waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('problem');
  // The words of the problem lead to the field.
  await keys.press('Tab');
  await hit('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('field-password');
  await keys.type(PASSWORD);
  await keys.fill('New password', NEW_PASSWORD);
  await send();
  await page.getByRole('status').waitFor();

  await goTo('/account');
  await keys.tabTo('The language of my browser');
  await hit('ArrowUp');
  await use('Save');
  await see('Dein Konto');

  await goTo('/account/data');
  await keys.fill('Jetziges Passwort', NEW_PASSWORD);
  await use('Mein Konto löschen');
  // Nobody is signed in any more, so the browser chooses the language again.
  await see('Your account is deleted');
  expect(await world.app.parts.accounts.findActive(id)).toBeUndefined();
  await context.close();
});

test('bar 1: on every page of keys, teams and the administration each control is a stop in sight, in the order of the page', async () => {
  const katherine = await register('Katherine', true);
  const { goTo, checkStops, context } = await arrive(katherine.email);
  const { id } = await world.app.parts.teams.create(OPERATOR, katherine, { name: 'Orbits' });
  const admin = ['', '/people', '/clients', '/requests', '/apis', '/issuers', '/service-accounts', '/doctor'];
  const account = ['/account', '/account/keys', '/account/keys/new', '/account/teams'];
  const team = ['', '/keys', '/apps', '/apps/new', '/service-accounts', '/service-accounts/new'];
  const paths = [...admin.map((name) => `/admin${name}`), ...account];
  for (const path of [...paths, ...team.map((name) => `/teams/${id}${name}`)]) {
    await goTo(path);
    await checkStops();
  }
  await context.close();
});

// Somebody is always left who may administer, however many disable each other at once (row S17); on both databases.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mainTextOf } from '../support/form-robot.ts';
import { type ConsoleWorld, createConsoleWorld, GRACE, MARGARET } from './console-world.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: ConsoleWorld;
  beforeAll(async () => {
    world = await createConsoleWorld({ dialect });
  });
  afterAll(() => world?.close());

  test('of two administrators who disable each other at once, one is left', async () => {
    const { accounts } = world.app.parts;
    const both = [world.grace, world.margaret];
    for (let round = 0; round < 5; round += 1) {
      const asked = [
        { robot: await world.signedIn(GRACE), path: `/admin/people/${world.margaret.id}/disable` },
        { robot: await world.signedIn(MARGARET), path: `/admin/people/${world.grace.id}/disable` },
      ];
      const questions = await Promise.all(
        asked.map(async ({ robot, path }) => ({ robot, question: await robot.get(path) })),
      );
      const pages = await Promise.all(questions.map(({ robot, question }) => robot.submit(question)));
      // The second is signed out, no administrator any more, or was still heard and is told so.
      expect(pages.map(({ status }) => status).sort(), `round ${round}`).toEqual([
        303,
        expect.toSatisfy((status) => [401, 404, 409].includes(status)),
      ]);
      const left = await Promise.all(both.map(({ id }) => accounts.findActive(id)));
      expect(left.filter((account) => account?.isAdmin === true)).toHaveLength(1);
      for (const account of both)
        if (!left.some((one) => one?.id === account.id)) await accounts.enable(account, 'operator');
    }
  });

  test('whoever is no administrator when the unit commits disables nobody', async () => {
    const { accounts } = world.app.parts;
    await accounts.disable(world.margaret, 'operator');
    const disabled = accounts.disable(world.grace, `account:${world.margaret.id}`, () =>
      accounts.holdAdministrator(world.margaret.id),
    );
    await expect(disabled).rejects.toMatchObject({ label: 'administrator' });
    expect(await accounts.findActive(world.grace.id)).toBeDefined();
    await accounts.enable(world.margaret, 'operator');
  });

  test('the pages count and list the same on this database', async () => {
    const graces = await world.signedIn(GRACE);
    const overview = mainTextOf(await graces.get('/admin'));
    expect(overview).toContain('People3 2 administer · 0 disabled');
    expect(overview).toContain('Clients3 allowed · 0 blocked · 1 waiting');
    expect(overview).toContain('Issuers1 believed · 0 disabled');
    expect(overview).toContain('Service accounts1 in use · 0 disabled');
    const found = mainTextOf(await graces.get('/admin/people?search=MARG'));
    expect(found).toContain('margaret@example.com');
    expect(found).not.toContain('grace@example.com');
    for (const path of [
      '/admin/people?show=disabled',
      '/admin/clients?show=blocked',
      '/admin/audit',
      '/admin/doctor',
    ])
      expect((await graces.get(path)).status, path).toBe(200);
  });
});

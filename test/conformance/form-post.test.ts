// The same modules with response_mode=form_post (oidcc-formpost-basic-certification-test-plan).
import { afterAll, afterEach, beforeAll, test, vi } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import type { World } from '../support/world.ts';
import { flowModules } from './flow-modules.ts';
import { hintModules } from './hint-modules.ts';
import { createRelyingParty } from './relying-party.ts';
import { sessionModules } from './session-modules.ts';
import { tokenModules } from './token-modules.ts';

let world: World;
beforeAll(async () => {
  world = await startListeningWorld();
});
afterEach(() => void vi.useRealTimers());
afterAll(() => world.close());

for (const module of [...flowModules, ...hintModules, ...sessionModules, ...tokenModules]) {
  test(`oidcc-formpost-${module.name}: ${module.says}`, async () => {
    await module.run(await createRelyingParty(world, { mode: 'form_post', change: module.change ?? {} }));
  });
}

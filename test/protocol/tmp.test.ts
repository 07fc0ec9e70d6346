import { test } from 'vitest';
import { createWorld } from '../support/world.ts';
import { createProcessCli } from '../admin/cli.ts';
test('x', async () => {
  const world = await createWorld();
  const OFF = { scope: 'openid offline_access read:tasks' };
  const t = await world.signIn(world.notes, OFF);
  const { config } = world.app;
  const cli = createProcessCli({
    DATABASE_URL: config.database.url,
    ISSUER: config.issuer,
    LATCHKEY_SECRETS_FILE: config.secrets_file,
  });
  console.log(await cli.run(['clients', 'block', world.notes.id, '--json']));
  console.log((await world.refresh(world.notes, t.refresh_token)).text);
  console.log(await cli.run(['clients', 'allow', world.notes.id, '--json']));
  console.log((await world.app.parts.clients.find(world.notes.id))?.blockedAt);
  console.log((await world.refresh(world.notes, t.refresh_token)).text);
  await world.close();
});

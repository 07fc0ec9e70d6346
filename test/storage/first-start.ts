// A process of its own that starts on a database: `migrate URL` or `keys SETTINGS`. Prints what it found, as JSON.
import { createParts } from '../../server/parts.ts';
import { migrate } from '../../server/storage/migrate.ts';
import { loadSettings } from '../config/load-text.ts';

const [act, input = ''] = process.argv.slice(2);

async function startWithKeys(settings: object) {
  const parts = await createParts(loadSettings(settings), { actor: 'system' });
  const signing = await parts.signingKeys.ensure();
  const keys = Object.entries(parts.keys).map(([purpose, all]) => [
    purpose,
    all.map((key) => key.toString('hex')),
  ]);
  await parts.close();
  return { keys: Object.fromEntries(keys), kids: signing.map((key) => key.kid) };
}

const found = act === 'migrate' ? await migrate(input) : await startWithKeys(JSON.parse(input));
process.stdout.write(JSON.stringify(found));

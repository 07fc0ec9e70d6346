// Loaded before any TypeScript (node -r): a Node that is too old gets a sentence instead of a crash.
// Node 24.8 is the first with type stripping, node:crypto argon2 and the N-API that better-sqlite3 13 needs.
'use strict';

const NEEDED = [24, 8];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    'Latchkey needs Node.js ' +
      NEEDED.join('.') +
      ' or later; this is ' +
      process.version +
      '.\n' +
      'On Linux, `npm ci` brings the right one and `npm start` uses it. Elsewhere, install Node.js 24 LTS.\n',
  );
  process.exit(1);
}

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

// Stripped types and compiled code are kept beside the packages: the command line starts in half the time.
// Not in the system's temporary directory, where others could put something there for us to run.
require('node:module').enableCompileCache(
  require('node:path').join(__dirname, '../node_modules/.cache/compile'),
);

// What the demo prints: where to click and what to type, and what to expect.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Deployment, SERVICE } from './deployment.ts';
import { ROOT } from './programs.ts';

/** The project's own Node.js where it brought one: the one of the terminal may be too old. */
function nodeOf(root: string): string {
  return existsSync(join(root, 'node_modules/.bin/node')) ? 'node_modules/.bin/node' : 'node';
}

export function printGuide({ issuer, app, api, person, keyFile, configFile }: Deployment): string {
  const node = nodeOf(ROOT);
  const service = `${node} examples/service-jwt-bearer.ts token ${issuer} ${keyFile} ${SERVICE}`;
  const operator = `LATCHKEY_CONFIG=${configFile} npm run -s latchkey --`;
  return `
Latchkey, to try. Everything here is made for this once and is gone after Ctrl-C.
Commands are for a second terminal, in this folder.

  Server     ${issuer}
  Person     ${person.name}
  E-mail     ${person.email}
  Password   ${person.password}


1  An app sends you here to sign in (authorization code with PKCE)

     Open ${app.address} and press "Sign in".
     Sign in with the e-mail and the password above, then press "Allow".
     The app shows who you are, and what the API answered it. Try "Refresh" and "Sign out".


2  A command line tool pairs with a code (device authorization)

     ${node} examples/device-login.ts ${issuer}

     Open the address that it prints and press "Continue".
     See that the code is the same as in the terminal, and press "Allow".


3  A service signs with a key of its own, without a secret (JWT bearer)

     ${service}

     It prints an access token that may read tasks, and nothing else.


4  An API asks who is calling (introspection)

     curl -i ${api.address}
       -> 401  no token: it asks for one in WWW-Authenticate
     TOKEN=$(${service})
     curl -i -H "Authorization: Bearer $TOKEN" ${api.address}
       -> 200  the tasks, and for whom
     curl -i -X POST -H "Authorization: Bearer $TOKEN" ${api.address}
       -> 403  insufficient_scope: this token may only read


5  You see what has access, and end it

     Sign in to the app again if you signed out, then open ${issuer}/account/access
     and press "Revoke" beside Notes. Load ${app.address} again: its token opens nothing any more.
     What was sent to you by mail is at ${issuer}/mail.


6  An operator looks after it

     ${operator} doctor
     ${operator} grants list
     ${operator} audit list --limit 10


Ctrl-C ends it and removes everything.
`;
}

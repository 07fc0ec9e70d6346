// Hands a token back (revocation, RFC 7009): a refresh token ends with everything that came of it. Node.js and nothing else.
// ISSUER=http://localhost:3000 CLIENT_ID=… CLIENT_SECRET=… node examples/revoke.ts < token.txt
import { text } from 'node:stream/consumers';

const { ISSUER = 'http://localhost:3000', CLIENT_ID = '', CLIENT_SECRET } = process.env;
// From standard input: an argument stands in the list of processes for everybody to read.
const token = (await text(process.stdin)).trim();

const secret = CLIENT_SECRET === undefined ? {} : { client_secret: CLIENT_SECRET };
const body = new URLSearchParams({ token, client_id: CLIENT_ID, ...secret });
const response = await fetch(`${ISSUER}/revoke`, { method: 'POST', body });
if (!response.ok) throw new Error(`refused: ${(await response.json()).error}`);

// A token that is unknown or over already is no error: either way it opens nothing now.
console.log('It opens nothing any more.');

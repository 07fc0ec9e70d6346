// A service that gets access tokens in its own name with a secret (client credentials, RFC 6749 section 4.4): Node.js and nothing else.
// ISSUER=http://localhost:3000 CLIENT_ID=… CLIENT_SECRET=… node examples/service-client-credentials.ts [scope]
const { ISSUER = 'http://localhost:3000', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env;
const [scope] = process.argv.slice(2);
const credentials = `${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(CLIENT_SECRET)}`;

const response = await fetch(`${ISSUER}/token`, {
  method: 'POST',
  headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) }),
});
const answer = (await response.json()) as Record<string, unknown>;
if (!response.ok) throw new Error(`refused: ${answer.error}: ${answer.error_description}`);

// It is good for expires_in seconds: keep it until shortly before, and ask again then. There is no refresh token.
console.log(answer.access_token);

// The ceiling: Koa that reads a form and answers JSON, and nothing else.
import Koa from 'koa';

const app = new Koa();
app.use(async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  const parameters = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  ctx.body = {
    active: parameters.has('token'),
    scope: 'read:tasks',
    client_id: 'notes',
    sub: 'ada',
    exp: 1_900_000_000,
  };
});
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));

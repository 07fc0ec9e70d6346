// The mail that invites into a team: whom it is for, by whom, until when, and nothing that a stranger could abuse.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { asPerson } from '../../server/teams/admission.ts';
import { linkTo, mailsTo } from '../accounts/mailbox.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { PASSWORD } from '../support/world.ts';

const SUBJECT = 'You are invited into a team';
const GRACE = 'grace@example.com';

let app: MailingApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test('an invited address is told who invites it, into which team and until when; the inviter is named by their address', async () => {
  const { accounts, teams, invitations, database } = app.parts;
  const { id } = await accounts.register(
    { email: 'ada@example.com', name: 'Win a prize now', password: PASSWORD },
    'operator',
  );
  await database.transact(() =>
    database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${id}`),
  );
  const ada = await accounts.get(id);
  const team = await teams.create(asPerson(ada), ada, { name: 'Looms & Wheels' });
  const made = await invitations.invite(asPerson(ada), team.id, { email: GRACE, role: 'member' });
  expect(await linkTo(app, GRACE, SUBJECT)).toBe(`/invitations/${made.id}`);
  const text = (await mailsTo(app, GRACE)).find(({ subject }) => subject === SUBJECT)?.text ?? '';
  for (const words of ['ada@example.com', 'Looms & Wheels', GRACE]) expect(text).toContain(words);
  expect(text).not.toContain('Win a prize now');
});

test('an invitation that was withdrawn in the meantime is still mailed, and its link opens nothing', async () => {
  const { accounts, invitations, teams } = app.parts;
  const ada = await accounts.get('ada@example.com');
  const [team] = await teams.listOf(ada.id);
  const teamId = team?.id ?? '';
  const made = await invitations.invite(asPerson(ada), teamId, {
    email: 'edith@example.com',
    role: 'member',
  });
  await invitations.withdraw(asPerson(ada), teamId, made.id);
  const edith = await accounts.register(
    { email: 'edith@example.com', name: 'Edith', password: PASSWORD },
    'operator',
  );
  await expect(invitations.getOwn(edith, made.id)).rejects.toMatchObject({ code: 'not_found' });
});

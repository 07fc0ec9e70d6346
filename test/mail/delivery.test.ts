// Mail on its way: in the outbox with the act, sealed, sent once by whoever comes first, again where it failed, and given up in the end.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMailDelivery } from '../../server/mail/delivery.ts';
import { createMail, type Mail } from '../../server/mail/mail.ts';
import type { OutgoingMail, Transport } from '../../server/mail/transport.ts';
import { createLog } from '../../server/observability/log.ts';
import type { Database } from '../../server/storage/database.ts';
import { createOutbox } from '../../server/storage/outbox.ts';
import { sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';

const SECRET = 'a-secret-that-opens-a-door';
const key = Buffer.alloc(32, 5);
const reset: Mail = {
  template: 'reset-password',
  to: 'ada@example.com',
  accountId: 'acct_ada',
  locale: undefined,
  locals: { url: `https://id.example.com/reset-password/${SECRET}` },
};
const refused = Object.assign(new Error('no'), { code: 'EENVELOPE', responseCode: 550 });
const busy = Object.assign(new Error('later ada@example.com'), { code: 'EENVELOPE', responseCode: 450 });

const render = ({ to, template }: Mail) => ({
  ...{ to, sender: 'Latchkey', subject: template, text: '', html: '' },
  link: undefined,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** One process that sends mail; what left is kept, and `fail` throws what the mail server would have said. */
function createSender(database: Database, fail: () => unknown = () => undefined) {
  const sent: OutgoingMail[] = [];
  const lines: string[] = [];
  const transport: Transport = {
    async send(mail) {
      const error = fail();
      if (error !== undefined) throw error;
      sent.push(mail);
    },
  };
  const outbox = createOutbox({ database, key });
  const log = createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
  const delivery = createMailDelivery({ database, outbox, render, transport, host: 'id.example.com', log });
  return { ...delivery, sent, lines, outbox, send: createMail({ outbox }).send };
}

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
  });
  afterAll(() => ground.close());
  afterEach(() => database.transact(() => database.write(sql`DELETE FROM outbox`)));

  async function dump(): Promise<string> {
    return JSON.stringify(await database.list(sql`SELECT * FROM outbox LIMIT 100`));
  }

  test('H06: a link in the outbox is sealed, and once it was sent nothing of it is kept', async () => {
    const sender = createSender(database);
    await database.transact(() => sender.send(reset));
    const waiting = await dump();
    expect(waiting).toContain('"kind":"mail"');
    const sealed = Buffer.from(JSON.parse(waiting)[0].payload, 'base64').toString('latin1');
    for (const secret of [SECRET, 'ada@example.com']) {
      expect(waiting).not.toContain(secret);
      expect(sealed).not.toContain(secret);
    }
    await sender.deliverDue();
    expect(sender.sent).toMatchObject([{ to: 'ada@example.com', subject: 'reset-password' }]);
    expect(JSON.parse(await dump())).toMatchObject([{ payload: '', done_at: expect.anything() }]);
    expect(sender.lines.join()).toContain('"event":"mail.sent"');
    expect(sender.lines.join()).not.toMatch(/ada@example|reset-password\//);
  });

  test('a mail is in the outbox if and only if the act that it tells of was committed', async () => {
    const sender = createSender(database);
    const act = database.transact(() => {
      sender.send(reset);
      throw new Error('the act failed');
    });
    await expect(act).rejects.toThrow('the act failed');
    await sender.deliverDue();
    expect(sender.sent).toEqual([]);
  });

  test('of several processes that send at once, one sends each mail', async () => {
    const senders = [database, ground.open(), ground.open()].map((opened) => createSender(opened));
    await database.transact(() => {
      for (let count = 0; count < 20; count += 1) senders[0]?.send({ ...reset, accountId: `acct_${count}` });
    });
    await Promise.all(senders.map((sender) => sender.deliverDue()));
    const ids = senders.flatMap(({ sent }) => sent.map(({ messageId }) => messageId));
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  test('F03: who dies while sending loses nothing: it is sent again later, under the same Message-ID', async () => {
    const first = createSender(database);
    await database.transact(() => first.send(reset));
    const [entry] = await first.outbox.listDue('mail', 1);
    if (entry === undefined) throw new Error('nothing is due');
    // The process takes it, and is never heard of again.
    await database.transact(() => first.outbox.take(entry, Math.floor(Date.now() / 1000) + 60));
    const second = createSender(database);
    await second.deliverDue();
    expect(second.sent).toEqual([]);
    passSeconds(61);
    await second.deliverDue();
    expect(second.sent).toHaveLength(1);
    expect(second.sent[0]?.messageId).toMatch(/^<[0-9a-z]{11}@id\.example\.com>$/);
  });

  test('where the mail server is busy a mail is tried again, later each time, and given up in the end', async () => {
    const sender = createSender(database, () => busy);
    await database.transact(() => sender.send(reset));
    const tries = () => sender.lines.filter((line) => line.includes('mail.failed')).length;
    await sender.deliverDue();
    await sender.deliverDue();
    expect(tries()).toBe(1);
    passSeconds(61);
    await sender.deliverDue();
    expect(tries()).toBe(2);
    passSeconds(61);
    await sender.deliverDue();
    expect(tries()).toBe(2);
    for (let day = 0; day < 12; day += 1) {
      passSeconds(86_400);
      await sender.deliverDue();
    }
    expect(tries()).toBe(7);
    expect(sender.lines.filter((line) => line.includes('mail.given_up'))).toHaveLength(1);
    expect(sender.lines.join()).not.toContain('ada@example.com');
    expect(JSON.parse(await dump())).toMatchObject([{ payload: '' }]);
  });

  test('a mail that was refused for good is not tried again, and the next one is not held up', async () => {
    const answers: unknown[] = [refused, undefined];
    const sender = createSender(database, () => answers.shift());
    await database.transact(() => sender.send(reset));
    await sender.deliverDue();
    await database.transact(() => sender.send({ ...reset, accountId: 'acct_grace' }));
    passSeconds(86_400);
    await sender.deliverDue();
    expect(sender.sent).toHaveLength(1);
    expect(sender.lines.join()).toMatch(/mail\.given_up|"reason":"refused"/);
  });

  test('a link that has died on the way is not sent', async () => {
    const sender = createSender(database);
    await database.transact(() => sender.send({ ...reset, expiresAt: Math.floor(Date.now() / 1000) + 1800 }));
    passSeconds(1800);
    await sender.deliverDue();
    expect(sender.sent).toEqual([]);
    expect(sender.lines.join()).toContain('too_late');
  });

  test('a process that was started sends every second by itself, and at a stop it lets what it sends come to its end', async () => {
    const sender = createSender(database);
    await database.transact(() => sender.send(reset));
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    sender.start();
    vi.advanceTimersByTime(999);
    await sender.stop();
    expect(sender.sent).toEqual([]);
    const next = createSender(database);
    next.start();
    vi.advanceTimersByTime(1000);
    await next.stop();
    expect(next.sent).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what was sent is swept, what waits is not', async () => {
    const sender = createSender(database);
    await database.transact(() => sender.send(reset));
    await sender.deliverDue();
    passSeconds(10);
    await database.transact(() => sender.send(reset));
    passSeconds(10);
    const swept = await sender.outbox.sweep(Math.floor(Date.now() / 1000), 100);
    expect(swept).toBe(1);
    expect(JSON.parse(await dump())).toMatchObject([{ done_at: null }]);
  });
});

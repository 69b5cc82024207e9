import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing } from '../../helpers/ring.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import {
  giveBroker,
  giveClient,
  giveInstrument,
  giveLimits,
  giveSession,
} from '../../helpers/stand-in/trader.ts';
import type { StandInClient } from '../../helpers/stand-in/types.ts';
import { words } from '../../helpers/words.ts';

interface Row {
  order_id: string;
  status: string;
  outcome: string;
  detail: string;
  broker_order_id: string;
  error_message: string;
}

describe.each(servers)('orders at the broker on $name', ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;
  let client: StandInClient;
  let user: string;

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    standIn = await startStandIn({ hangMs: 6_000, otherwise: 'rest' });
    giveBroker(db, standIn);
    db.env['PINNACLE_BROKER_TIMEOUT'] = '3s';
    giveLimits(db, '1000/s');
    user = await given.user(db);
    client = await giveClient(db, standIn, user);
    await giveSession(db, standIn, user, client);
    await giveInstrument(db, 'INFY', '1594');
  });
  afterAll(async () => {
    await standIn.stop();
    await db.close();
  });

  const place = async (...flags: string[]) => {
    const order = ['--user', user, '--symbol', 'INFY', '--side', 'BUY', '--quantity', '10'];
    const limit = ['--type', 'LIMIT', '--price', '100'];
    return db.cli('order', 'place', ...order, ...limit, ...flags, '--json');
  };
  const placed = async () => (JSON.parse((await place()).stdout) as Row).order_id;
  const send = async (...argv: string[]) => {
    const { code, stdout, stderr } = await db.cli('order', 'send', ...argv, '--json');
    return { code, rows: stdout === '' ? [] : ([JSON.parse(stdout)].flat() as Row[]), stderr };
  };
  const sync = async () => {
    const { code, stdout } = await db.cli('broker', 'sync', user, '--json');
    return { code, rows: JSON.parse(stdout) as Record<string, unknown>[] };
  };
  const show = (id: string) => db.json<Row>('order', 'show', id);
  const ordersThere = (tag: string) => [...standIn.book.orders.values()].filter((order) => order.tag === tag);
  const tagOf = async (id: string) => {
    const { rows } = await db.query('SELECT order_tag FROM orders WHERE order_id = $1', [id]);
    return String(rows[0]?.['order_tag']);
  };

  it('are PLACED under a tag of their own once it accepts, and not sent a second time', async () => {
    const id = await placed();
    const { code, rows } = await send(id);
    expect({ code, outcome: rows[0]?.outcome, status: rows[0]?.status }).toEqual({
      code: 0,
      outcome: 'accepted',
      status: 'PLACED',
    });
    const tag = await tagOf(id);
    expect(tag).toMatch(/^[0-9A-HJKMNP-TV-Z]{20}$/);
    expect(ordersThere(tag).map((order) => order.id)).toEqual([rows[0]?.broker_order_id]);
    expect((await send(id)).code).toBe(5);
    expect(ordersThere(tag)).toHaveLength(1);
  });

  it('are placed and sent in one', async () => {
    const { code, stdout } = await place('--send');
    const [row] = [JSON.parse(stdout)].flat() as Row[];
    expect({ code, status: row?.status }).toEqual({ code: 0, status: 'PLACED' });
  });

  it('change nothing in a dry run, here and there', async () => {
    const id = await placed();
    const calls = standIn.calls.length;
    expect((await send(id, '--dry-run')).code).toBe(0);
    expect((await show(id)).status).toBe('PENDING');
    expect(standIn.calls).toHaveLength(calls);
  });

  it('are neither cancelled nor amended there in a dry run', async () => {
    const id = await placed();
    await send(id);
    const calls = standIn.calls.length;
    for (const line of [
      `order cancel ${id} --send --dry-run`,
      `order amend ${id} --price 99 --send --dry-run`,
    ])
      expect((await db.cli(...words(line))).code).toBe(0);
    expect(await show(id)).toMatchObject({ status: 'PLACED', price: 100 });
    expect(standIn.calls).toHaveLength(calls);
  });

  it('take no idempotency key, which would repeat what was before the broker answered', async () => {
    const id = await placed();
    const calls = standIn.calls.length;
    const { code } = await db.cli(...words(`order cancel ${id} --send --idempotency-key k-${id}`));
    expect(code).toBe(2);
    expect((await place('--send', '--idempotency-key', 'k')).code).toBe(2);
    expect(standIn.calls).toHaveLength(calls);
  });

  it('are not sent where another program noted the id that the broker gave', async () => {
    const id = await placed();
    await db.query("UPDATE orders SET broker_order_id = 'theirs-1' WHERE order_id = $1", [id]);
    const calls = standIn.calls.length;
    expect((await send(id)).code).toBe(5);
    expect(standIn.calls).toHaveLength(calls);
    await db.query("UPDATE orders SET status = 'CANCELLED' WHERE order_id = $1", [id]);
  });

  it('stay PENDING after a retry, although the broker shows the rejected attempt', async () => {
    const id = await placed();
    standIn.control.fates = ['reject-later'];
    await send(id);
    standIn.settle();
    await sync();
    expect((await show(id)).status).toBe('REJECTED');
    await db.cli('order', 'retry', id);
    await sync();
    expect((await show(id)).status).toBe('PENDING');
    expect((await send(id)).rows[0]?.status).toBe('PLACED');
  });

  it('are not sent again where an attempt before turns out to be there', async () => {
    const id = await placed();
    standIn.control.next = { place: ['hang-after'] };
    await send(id);
    // Given up too early, by hand.
    await db.query('UPDATE broker_calls SET resolved_at = now() WHERE order_id = $1', [id]);
    await db.query("UPDATE orders SET status = 'REJECTED' WHERE order_id = $1", [id]);
    await db.cli('order', 'retry', id);
    expect((await send(id)).code).toBe(5);
    expect(ordersThere(await tagOf(id))).toHaveLength(1);
    await sync();
    expect((await show(id)).status).toBe('PLACED');
  });

  it.each([
    'empty-after',
    'hang-after',
    'html-502-after',
    'access-rate-after',
    'reset-after',
    'half-json-after',
  ] as const)(
    'stay PENDING and are never sent again where the answer is lost: %s; a sync finds them',
    async (misbehaviour) => {
      const id = await placed();
      standIn.control.next = { place: [misbehaviour] };
      const first = await send(id);
      expect({ code: first.code, status: first.rows[0]?.status }).toEqual({ code: 9, status: 'PENDING' });
      expect((await send(id)).code).toBe(5);
      expect((await db.cli('order', 'cancel', id, '--send')).code).toBe(5);
      const { code, rows } = await sync();
      expect({ code, accepted: rows[0]?.['accepted'], unresolved: rows[0]?.['unresolved'] }).toEqual({
        code: 0,
        accepted: 1,
        unresolved: 0,
      });
      const tag = await tagOf(id);
      const [theirs] = ordersThere(tag);
      expect(await show(id)).toMatchObject({ status: 'PLACED', broker_order_id: theirs?.id });
      expect(ordersThere(tag)).toHaveLength(1);
    },
  );

  it('are REJECTED where the broker says so, and after a retry go out under another tag', async () => {
    const id = await placed();
    standIn.control.next = { place: ['something-wrong'] };
    await send(id);
    const first = await tagOf(id);
    // The vendor uses this text for what it did as well.
    await db.query(
      `UPDATE broker_calls SET looks = 3, sent_at = sent_at - interval '2 minutes' WHERE order_id = $1`,
      [id],
    );
    await sync();
    expect((await show(id)).status).toBe('REJECTED');
    await db.cli('order', 'retry', id);
    expect((await send(id)).code).toBe(0);
    expect(await tagOf(id)).not.toBe(first);
  });

  it('are amended and cancelled there first; they are CANCELLED once the broker says so', async () => {
    const id = await placed();
    await send(id);
    const amended = await db.cli('order', 'amend', id, '--price', '101', '--send', '--json');
    expect(amended.code, amended.stderr).toBe(0);
    const [theirs] = ordersThere(await tagOf(id));
    expect(theirs?.fields['price']).toBe('101');
    const cancelled = await db.cli('order', 'cancel', id, '--send', '--json');
    expect(cancelled.code, cancelled.stderr).toBe(0);
    standIn.settle();
    await sync();
    expect((await show(id)).status).toBe('CANCELLED');
  });
});

import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Broker, OrderTerms } from '../../../src/domain/broker.ts';
import { userId } from '../../../src/domain/id.ts';
import { tradingSymbol } from '../../../src/domain/symbol.ts';
import { type Connection, connectServer } from '../../../src/platform/postgres/connect.ts';
import { readSchema } from '../../../src/platform/postgres/schema-phase.ts';
import { paperBroker } from '../../../src/trading/broker/paper/paper-broker.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

const TERMS: OrderTerms = {
  ...{ symbol: tradingSymbol.parse('TCS'), exchange: 'NSE', tradingSymbol: 'TCS-EQ', token: '', tag: '' },
  ...{ side: 'BUY', order_type: 'MARKET', product: 'CNC', quantity: 10, price: 0, trigger_price: null },
};

describe.each(servers)('the paper broker on $name', ({ open }) => {
  let db: TestDatabase;
  let connection: Connection;
  let broker: Broker;
  let tags = 0;
  const ctx = () =>
    ({
      source: async () => ({ db: connection.kysely, ...(await readSchema(connection.kysely)) }),
      config: async () => ({ market: { staleAfterMs: 60_000 } }),
      now: () => new Date(),
    }) as Pick<Context, 'source' | 'config' | 'now'>;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    connection = connectServer(String(db.env['DATABASE_URL']), {
      ...{ applicationName: 'pinnacle/test', statementTimeoutMs: 10_000, poolSize: 2 },
    });
    broker = await paperBroker(ctx(), userId.parse('trader_001'));
  });
  afterAll(async () => {
    await connection.close();
    await db.close();
  });

  const place = async (terms: Partial<OrderTerms>) => {
    const sent = { ...TERMS, tag: `tag${++tags}`, ...terms };
    const answer = await broker.place(sent);
    if (answer.outcome !== 'accepted') throw new Error(answer.reason);
    return { ...sent, broker_order_id: answer.broker_order_id, variety: 'NORMAL' };
  };
  const orderOf = async (id: string) =>
    (await broker.orders()).find(({ broker_order_id }) => broker_order_id === id);
  /** Runs the paper broker with quotes, `TCS 100`, of a moment later. */
  async function run(quotes: readonly string[], ...flags: string[]) {
    const file = join(tmpdir(), `${randomUUID()}.csv`);
    const stamp = new Date(Date.now() + 50).toISOString();
    const lines = quotes.map((text) => `${text.replace(' ', ',')},${stamp}`);
    writeFileSync(file, ['symbol,ltp,timestamp', ...lines, ''].join('\n'));
    const { code, stdout, stderr } = await db.cli(
      ...words('broker paper run --json --quotes'),
      file,
      ...flags,
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('takes an order, fills it in parts, and has its executions, position and funds', async () => {
    const { broker_order_id, tag } = await place({ quantity: 10 });
    expect(await orderOf(broker_order_id)).toMatchObject({ tag, status: 'PLACED', filled_quantity: 0 });
    const events = await run(['TCS 4000'], '--fill-size', '6');
    expect(events).toMatchObject([
      { event: 'fill', quantity: 6, price: 4000, status: 'PARTIALLY_FILLED', broker_order_id },
    ]);
    expect(await run(['TCS 4010'], '--fill-size', '6')).toMatchObject([{ quantity: 4, status: 'FILLED' }]);
    expect(await run(['TCS 4020'])).toEqual([]);
    expect(await orderOf(broker_order_id)).toMatchObject({ status: 'FILLED', average_price: 4004 });
    const trades = await broker.trades();
    expect(trades).toMatchObject([
      { broker_order_id, quantity: 6, price: 4000, product: 'CNC', exchange: 'NSE', side: 'BUY' },
      { broker_order_id, quantity: 4, price: 4010 },
    ]);
    expect(new Set(trades.map(({ broker_fill_id }) => broker_fill_id)).size).toBe(2);
    expect(await broker.positions()).toMatchObject([{ symbol: 'TCS', product: 'CNC', quantity: 10 }]);
    expect(await broker.holdings()).toEqual([]);
    expect(await broker.funds()).toMatchObject({ net: '1000000.00' });
    // The book knows nothing of it until it is synchronised.
    expect(await db.json('order', 'list')).toEqual([]);
    expect((await db.audits('broker paper run')).length).toBe(2);
    await db.json('doctor', 'ledger');
  });

  it('fills a quote once, however many run at once', async () => {
    const { broker_order_id } = await place({ symbol: tradingSymbol.parse('ONCE'), quantity: 100 });
    const file = join(tmpdir(), `${randomUUID()}.csv`);
    writeFileSync(file, `symbol,ltp,timestamp\nONCE,10,${new Date(Date.now() + 50).toISOString()}\n`);
    const line = [...words('broker paper run --fill-size 30 --json --quotes'), file];
    await Promise.all([1, 2, 3, 4].map(() => db.cli(...line)));
    expect(await orderOf(broker_order_id)).toMatchObject({ filled_quantity: 30 });
  });

  it.each<[string, Partial<OrderTerms>, string]>([
    ['no shares', { quantity: 0 }, 'quantity'],
    ['a part of a share', { quantity: 1.5 }, 'quantity'],
    ['a LIMIT order without a price', { order_type: 'LIMIT' }, 'price'],
    ['a STOP_LOSS order without a trigger', { order_type: 'STOP_LOSS' }, 'trigger'],
    ['no tag', { tag: '' }, 'tag'],
  ])('refuses %s', async (_what, terms, reason) => {
    const answer = await broker.place({ ...TERMS, tag: 'never', ...terms });
    expect(answer).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(reason) });
  });

  it('refuses a tag that it has, and has the order once', async () => {
    const { tag, broker_order_id } = await place({ symbol: tradingSymbol.parse('TAGGED') });
    expect(await broker.place({ ...TERMS, tag })).toMatchObject({ outcome: 'refused' });
    expect((await broker.orders()).filter((order) => order.tag === tag)).toMatchObject([{ broker_order_id }]);
  });

  it('changes and cancels what works, and says why it does not', async () => {
    const order = await place({ symbol: tradingSymbol.parse('EDIT'), order_type: 'LIMIT', price: 100 });
    await run(['EDIT 101']);
    expect(await broker.modify({ ...order, price: 102, quantity: 20 })).toMatchObject({
      outcome: 'accepted',
    });
    expect(await run(['EDIT 101'], '--fill-size', '5')).toMatchObject([{ quantity: 5, price: 101 }]);
    expect(await broker.modify({ ...order, quantity: 5 })).toMatchObject({
      ...{ outcome: 'refused', reason: expect.stringContaining('5 are filled') },
    });
    expect(await broker.cancel(order)).toMatchObject({ outcome: 'accepted' });
    expect(await orderOf(order.broker_order_id)).toMatchObject({ status: 'CANCELLED', filled_quantity: 5 });
    expect(await broker.cancel(order)).toMatchObject({ outcome: 'refused' });
    expect(await broker.modify({ ...order, quantity: 30 })).toMatchObject({ outcome: 'refused' });
    expect(await broker.cancel({ ...order, broker_order_id: 'unknown' })).toMatchObject({
      ...{ outcome: 'refused', reason: expect.stringContaining('there is no order') },
    });
    expect(await run(['EDIT 90'])).toEqual([]);
  });

  it('arms a stop at its trigger', async () => {
    const symbol = tradingSymbol.parse('STOP');
    await place({ symbol, side: 'SELL', order_type: 'STOP_LOSS', trigger_price: 95, price: 94.5 });
    expect(await run(['STOP 96'])).toEqual([]);
    expect(await run(['STOP 94'])).toMatchObject([{ event: 'triggered', quantity: null }]);
    expect(await run(['STOP 97'])).toMatchObject([{ event: 'fill', quantity: 10, price: 94.5 }]);
  });

  it('ends orders with their day, and does not use quotes that are old or cannot be true', async () => {
    const symbol = tradingSymbol.parse('LATE');
    const { broker_order_id } = await place({ symbol });
    const file = join(tmpdir(), `${randomUUID()}.csv`);
    const lines = [`LATE,100,${new Date(Date.now() - 3_600_000).toISOString()},,`];
    writeFileSync(file, ['symbol,ltp,timestamp,low,high', ...lines, ''].join('\n'));
    expect((await db.cli(...words('broker paper run --json --quotes'), file)).stdout).toBe('');
    writeFileSync(file, `symbol,ltp,timestamp,low,high\nLATE,100,${new Date().toISOString()},101,102\n`);
    expect((await db.cli(...words('broker paper run --json --quotes'), file)).stdout).toBe('');
    await db.query(
      "UPDATE paper_orders SET placed_at = placed_at - interval '1 day' WHERE broker_order_id = $1",
      [broker_order_id],
    );
    // It reads as ended before a run writes it.
    expect(await orderOf(broker_order_id)).toMatchObject({ status: 'CANCELLED' });
    expect(await broker.cancel({ ...TERMS, broker_order_id, variety: 'NORMAL' })).toMatchObject({
      outcome: 'refused',
    });
    expect(await run(['LATE 100'])).toMatchObject([{ event: 'ended', status: 'CANCELLED' }]);
  });

  it('needs its step of the schema', async () => {
    const older = await open();
    await backToStep(older, 9);
    expect(await older.refused('broker paper run', { code: 5 })).toMatchObject({ code: 'PHASE_NEEDED' });
    await older.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, string | number | null>;

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
const DAY_MS = 86_400_000;
const SYMBOLS = ['INFY', 'TCS', 'SBIN', 'NIFTY29DEC26FUT'];
const dayAt = (days: number) => new Date(Date.UTC(2024, 0, 1) + days * DAY_MS).toISOString().slice(0, 10);
/** The numbers of a generator that is always the same, from 0 to below `below`. */
function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** A history of flips and ends at random, after which nothing is held, and the days that it has. */
function history(user: string, random: (below: number) => number): { days: string[]; lines: string[] } {
  const days = new Set<string>();
  const held = new Map<string, number>();
  const lines: string[] = [];
  const add = (day: string, symbol: string, moved: number) => {
    days.add(day);
    held.set(symbol, (held.get(symbol) ?? 0) + moved);
    const side = moved > 0 ? 'BUY' : 'SELL';
    const terms = `${symbol},${side},${Math.abs(moved)},${100 + random(50)}`;
    lines.push(`${user}-${lines.length},${terms},${day}T05:00:00Z,`);
  };
  for (let i = 0; i < 120; i++) {
    const symbol = SYMBOLS[random(4)] as string;
    const shares = held.get(symbol) ?? 0;
    const mayEnd = shares !== 0 && random(2) === 0;
    add(dayAt(4 * i), symbol, mayEnd ? -shares * (1 + random(2)) : 75 * (random(2) === 0 ? 1 : -1));
  }
  for (const [symbol, shares] of held) if (shares !== 0) add(dayAt(500), symbol, -shares);
  return { days: [...days], lines };
}

describe.each(databases)('trades and their charges on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());

  const list = (line: string) => db.json<Row[]>(...words(line));
  /** Books charges as another command does, of which this suite is not. */
  const charge = (user: string, charges: readonly { day: string; reference: string; amount: string }[]) =>
    db.query(
      `WITH entry AS (INSERT INTO audit_log (command, target, body) VALUES ('charges book', 'user ' || $1::text, '{}')),
         paid AS (UPDATE users SET total_capital = total_capital + (SELECT sum((c ->> 'amount')::numeric) FROM jsonb_array_elements($2::jsonb) c)
           WHERE user_id = $1)
       INSERT INTO cash_flows (flow_id, user_id, kind, amount, day, reference)
       SELECT 'flo_' || $1 || (c ->> 'reference'), $1, 'charge', (c ->> 'amount')::numeric, (c ->> 'day')::date, c ->> 'reference'
       FROM jsonb_array_elements($2::jsonb) c`,
      [user, JSON.stringify(charges)],
    );
  const trade = async (user: string, symbol: string, side: string, fill: string, terms = {}) => {
    const [quantity, price] = fill.split('@').map(Number) as [number, number];
    const order = await given.order(db, { user, symbol, side, quantity, ...terms });
    // No order is filled before it is placed.
    await db.query(`UPDATE orders SET created_at = '2020-01-01' WHERE order_id = '${order}'`);
    await given.fill(db, order, { quantity, price, at: '2026-04-01T05:00:00Z' });
  };
  const chargesOf = async (user: string) =>
    Object.fromEntries(
      (await list(`report trades --user ${user}`)).map((row) => [row['symbol'], row['charges']]),
    );

  it('are those of the exchange at which each was executed', async () => {
    const user = await given.user(db, 'two');
    for (const side of ['BUY', 'SELL']) {
      await trade(user, 'INFY', side, '10@1500');
      await trade(user, 'TCS', side, '10@3000', { exchange: 'NSE' });
      await trade(user, 'SBIN', side, '10@800', { exchange: 'BSE' });
      await trade(user, 'NIFTY29DEC26FUT', side, '75@25000', { exchange: 'NSE' });
    }
    const day = '2026-04-01';
    await charge(user, [
      { day, reference: `charges:${day}:NSE`, amount: '-9.00' },
      { day, reference: `charges:${day}:NSE:2`, amount: '-1.00' },
      { day, reference: `charges:${day}:BSE`, amount: '-0.03' },
    ]);
    // By turnover, a third and two thirds of 10.00: 1.67 and 3.33, twice.
    const shared = { INFY: '-3.34', TCS: '-6.66', SBIN: '-0.03' };
    expect(await chargesOf(user)).toEqual({ ...shared, NIFTY29DEC26FUT: null });
    expect(await list(`report trades --user ${user} --symbol NIFTY29DEC26FUT`)).toMatchObject([
      { charges: null, net_pnl: null },
    ]);
    await charge(user, [{ day, reference: `charges:${day}:NFO`, amount: '-77.01' }]);
    expect(await chargesOf(user)).toEqual({ ...shared, NIFTY29DEC26FUT: '-77.01' });
    expect((await list(`report trades --user ${user} --symbol INFY`))[0]).toMatchObject({ charges: '-3.34' });
  });

  it('are of all executions of the day where they name no exchange, or one without any', async () => {
    const user = await given.user(db, 'common');
    for (const side of ['BUY', 'SELL']) {
      await trade(user, 'TCS', side, '10@3000');
      await trade(user, 'SBIN', side, '10@1000', { exchange: 'BSE' });
    }
    const day = '2026-04-01';
    await charge(user, [
      { day, reference: `charges:${day}:NSE`, amount: '-1.00' },
      { day, reference: `charges:${day}:MCX`, amount: '-4.00' },
      { day, reference: 'a letter', amount: '-0.40' },
    ]);
    expect(await chargesOf(user)).toEqual({ TCS: '-4.30', SBIN: '-1.10' });
  });

  it('of a period are the rows that all trades have of it, and charges come to what was booked', async () => {
    const random = numbers(11);
    const booked = new Map<string, number>();
    for (const user of ['r1', 'r2']) {
      await given.user(db, user);
      const { days, lines } = history(user, random);
      const { code, stderr } = await db.cliWith(
        { stdin: [HEADER, ...lines].join('\n') },
        ...words(`order import - --as trades --user ${user}`),
      );
      expect(code, stderr).toBe(0);
      const charges = days.flatMap((day) =>
        ['NSE', 'NFO'].map((exchange) => ({
          ...{ day, reference: `charges:${day}:${exchange}` },
          amount: `-${1 + random(30)}.${10 + random(90)}`,
        })),
      );
      await charge(user, charges);
      booked.set(
        user,
        charges.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0),
      );
    }
    const all = await list('report trades');
    expect(all.length).toBeGreaterThan(50);
    const sides = new Set(all.map(({ side }) => side));
    expect(sides).toEqual(new Set(['LONG', 'SHORT']));
    for (const [user, total] of booked) {
      const shared = all
        .filter(({ user_id }) => user_id === user)
        .map((row) => Math.round(Number(row['charges']) * 100));
      expect({ user, total: shared.reduce((sum, each) => sum + each, 0) }).toEqual({ user, total });
    }
    // At 10:30 in Kolkata: on the same day as in UTC.
    const closedOn = ({ closed_at }: Row) => String(closed_at).slice(0, 10);
    for (let round = 0; round < 8; round++) {
      const from = random(500);
      const [since, until] = [dayAt(from), dayAt(from + random(round < 4 ? 3 : 200))];
      const user = ['', 'r1', 'r2'][random(3)] ?? '';
      const flags = `--since ${since} --until ${until} ${user === '' ? '' : `--user ${user}`}`;
      const expected = all.filter(
        (row) => closedOn(row) >= since && closedOn(row) <= until && (user === '' || row['user_id'] === user),
      );
      expect({ flags, rows: await list(`report trades ${flags}`) }).toEqual({ flags, rows: expected });
    }
  });

  it('are there on a schema without exchanges and movements of money, and have no charges', async () => {
    const before = await list('report trades --user r1');
    await backToStep(db, 7);
    const expected = before.map((row) => ({ ...row, charges: null, net_pnl: null }));
    expect(await list('report trades --user r1')).toEqual(expected);
  });
});

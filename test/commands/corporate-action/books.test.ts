import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';
const EX = '2026-01-06';

/** Numbers that are the same for the same seed. */
function randomOf(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state >> 8) % below;
  };
}

/** Trades of two days, of which the second is the ex-date: `SHARE BUY 10 100.5`. */
function randomTrades(
  random: (below: number) => number,
  symbols: readonly string[],
  first: string,
  n: number,
) {
  return Array.from({ length: n }, (_, i) => {
    const at = new Date(Date.parse(`${first}T03:50:00Z`) + i * 600_000).toISOString();
    const price = (5_000 + random(10_000)) / 100;
    return `${first}-${i},${symbols[random(symbols.length)]},${random(2) ? 'BUY' : 'SELL'},${1 + random(40)},${price},${at}`;
  });
}

describe.each(databases)('random books and corporate actions on $name', ({ name, open }) => {
  let db: TestDatabase;
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-books-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const book = async (user: string, lines: readonly string[]) => {
    const path = join(folder, `${++files}.csv`);
    await writeFile(path, [HEADER, ...lines, ''].join('\n'));
    await db.json('order', 'import', path, '--as', 'trades', '--user', user);
  };
  const act = async (terms: string) => {
    const { action_id } = await db.json(...words(`corporate-action add ${terms} --ex-date ${EX}`));
    const { code } = await db.cli('corporate-action', 'apply', String(action_id), '--yes');
    expect([0, 6]).toContain(code);
    return String(action_id);
  };
  const isSound = async () => {
    const { code, stdout } = await db.cli('doctor', 'ledger', '--json');
    const failed = (JSON.parse(stdout) as Row[]).filter(({ state }) => state !== 'ok');
    expect([code, failed]).toEqual([0, []]);
  };
  const OPEN = `SELECT user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl, opened_at
    FROM positions WHERE status = 'OPEN' ORDER BY user_id, symbol`;
  const rowsOf = async (sql: string) => (await db.query(sql)).rows;
  const wholeBook = async () => ({
    positions: await rowsOf(OPEN),
    users: await rowsOf('SELECT user_id, total_capital FROM users ORDER BY user_id'),
  });

  it('apply and reverse are the identity, and the ledger is sound in between', async () => {
    const random = randomOf(7);
    for (let i = 0; i < (name === 'server' ? 8 : 2); i++) {
      const user = await given.user(db, `random_${i}`);
      await book(user, randomTrades(random, ['PARENT', 'CHILD', 'OTHER'], '2026-01-05', 25));
    }
    const before = await wholeBook();
    const cost = async () =>
      rowsOf(`SELECT user_id, round(sum(average_price * quantity * CASE side WHEN 'LONG' THEN 1 ELSE -1 END)::numeric, 2) AS cost
        FROM positions WHERE status = 'OPEN' AND symbol IN ('PARENT', 'CHILD') GROUP BY user_id ORDER BY user_id`);
    for (const terms of [
      'split PARENT --ratio 7:3 --cash-price 31.7',
      'bonus PARENT --ratio 2:5',
      'demerger PARENT --ratio 3:7 --to CHILD --cost-percent 17.31 --cash-price 12.5',
      'merger PARENT --ratio 5:4 --to CHILD --cash-price 77',
      'dividend PARENT --amount 3.35 --tds-percent 10 --tds-above 100',
    ]) {
      const was = await cost();
      const action = await act(terms);
      await isSound();
      expect(await cost()).toEqual(was);
      await db.json('corporate-action', 'reverse', action, '--reason', 'r', '--yes');
      expect(await wholeBook()).toEqual(before);
      await isSound();
    }
  });

  it('late is as good as in time', async () => {
    const random = randomOf(11);
    const pairs: [string, string][] = [];
    const since: string[][] = [];
    for (let i = 0; i < (name === 'server' ? 6 : 2); i++) {
      const [late, prompt] = [`late_${i}`, `prompt_${i}`];
      for (const user of [late, prompt]) await given.user(db, user);
      const old = randomTrades(random, ['SPLIT'], '2026-01-05', 6);
      const later = randomTrades(random, ['SPLIT'], EX, 6);
      await book(late, old);
      await book(late, later);
      await book(prompt, old);
      pairs.push([late, prompt]);
      since.push(later);
    }
    await act('split SPLIT --ratio 5:2 --cash-price 40');
    for (const [i, [, prompt]] of pairs.entries()) await book(prompt, since[i] ?? []);
    const of = async (user: string) =>
      rowsOf(`SELECT u.total_capital, p.symbol, p.side, p.quantity, p.average_price, p.realized_pnl, p.current_price, p.opened_at
        FROM users u LEFT JOIN positions p ON p.user_id = u.user_id AND p.status = 'OPEN' WHERE u.user_id = '${user}'`);
    for (const [late, prompt] of pairs) expect(await of(late)).toEqual(await of(prompt));
    await isSound();
  });
});

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../helpers/binaries.ts';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { words } from '../../helpers/words.ts';
import { type Recorder, startRecorder } from '../../platform/postgres/statements.ts';

describe.each(findBinaries() ? servers : [])('an action of many holders on $name', ({ open }) => {
  const server = ownServer();
  let db: TestDatabase;
  let recorder: Recorder;

  beforeAll(async () => {
    const client = new pg.Client(server());
    recorder = await startRecorder({ path: `${client.host}/.s.PGSQL.${client.port}` });
    db = await open(4, server());
  });
  afterAll(async () => {
    await db.close();
    await recorder.close();
  });

  /** Users who bought the same share the day before the ex-date, as an import books it. */
  const give = async (symbol: string, holders: number) => {
    const id = `lpad(to_hex(i), 26, '0')`;
    const at = "timestamp '2026-01-05 05:00'";
    await db.query(`
      INSERT INTO users (user_id, name, email, api_key, total_capital)
      SELECT '${symbol}_' || i, 'N', '${symbol}_' || i || '@example.com', md5('${symbol}' || i), 1000000
      FROM generate_series(1, ${holders}) i;
      INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status, created_at,
        updated_at, imported)
      SELECT '${symbol}o' || ${id}, '${symbol}_' || i, '${symbol}', 'BUY', 'MARKET', 10 + i % 7, 100, 10 + i % 7, 100, 'FILLED', ${at}, ${at}, true
      FROM generate_series(1, ${holders}) i;
      INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, order_id, status, opened_at)
      SELECT '${symbol}p' || ${id}, '${symbol}_' || i, '${symbol}', 'LONG', 10 + i % 7, 100, 100, '${symbol}o' || ${id}, 'OPEN', ${at}
      FROM generate_series(1, ${holders}) i;
      INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id, created_at)
      SELECT '${symbol}f' || ${id}, '${symbol}o' || ${id}, i, 10 + i % 7, 100, ${at}, '${symbol}p' || ${id}, ${at}
      FROM generate_series(1, ${holders}) i;`);
  };
  /** Runs a command through the recorder; how many statements it took. */
  const count = async (line: string): Promise<number> => {
    const name = new URL(String(db.env['DATABASE_URL']).replace('@/', '@localhost/')).pathname.slice(1);
    recorder.take(name);
    const env = { DATABASE_URL: `postgres://postgres@127.0.0.1:${recorder.port}/${name}` };
    const { code, stderr } = await db.cliWith({ env }, ...words(line));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return recorder.take(name).length;
  };

  it('takes as many statements for two hundred as for three', async () => {
    const counts: number[][] = [];
    for (const [symbol, holders] of [
      ['FEW', 3],
      ['MANY', 200],
    ] as const) {
      await give(symbol, holders);
      const { action_id } = await db.json(
        ...words(
          `corporate-action add demerger ${symbol} --ex-date 2026-01-06 --ratio 1:3 --to ${symbol}X --cost-percent 10 --cash-price 30`,
        ),
      );
      const lines = ['plan', 'apply --yes', 'reverse --reason r --yes'].map((verb) => {
        const [name, ...flags] = verb.split(' ');
        return `corporate-action ${name} ${action_id} ${flags.join(' ')}`;
      });
      const taken: number[] = [];
      for (const line of lines) taken.push(await count(line));
      counts.push(taken);
    }
    expect(counts[0]).toEqual(counts[1]);
    const { rows } = await db.query(
      "SELECT count(*)::int AS n FROM corporate_action_effects WHERE user_id LIKE 'MANY%'",
    );
    expect(rows).toEqual([{ n: 400 }]);
  });
});

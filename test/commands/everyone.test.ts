import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../helpers/binaries.ts';
import { ownServer, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { giveRing } from '../helpers/ring.ts';
import { words } from '../helpers/words.ts';
import { type Recorder, startRecorder } from '../platform/postgres/statements.ts';

/** A line for everyone, and how it ends. */
const DAY = [
  ['session start --all', 0],
  ['risk set --template standard --all', 0],
  ['user credentials import -', 0],
  ['user rotate-key --all --to {folder} --grace 1h', 0],
  ['risk halt --all --reason outage --yes', 0],
  ['risk flatten --all --at TCS=101 --confirm all', 0],
  ['risk resume --all --reason ok --confirm all', 0],
  ['strategy resume --all --halt outage', 0],
  ['session end --all', 0],
] as const;

describe.each(findBinaries() ? servers : [])('a day of everyone on $name', ({ open }) => {
  const server = ownServer();
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-everyone-'));
  let recorder: Recorder;
  beforeAll(async () => {
    const client = new pg.Client(server());
    recorder = await startRecorder({ path: `${client.host}/.s.PGSQL.${client.port}` });
  });
  afterAll(async () => {
    await recorder.close();
    rmSync(folder, { recursive: true });
  });

  /** Plays the day of so many users, each with a strategy, a position and a working order; the statements of each line. */
  async function play(users: number): Promise<Record<string, number>> {
    const db: TestDatabase = await open(4, server());
    try {
      await giveRing(db);
      await given.user(db, 'seed');
      await given.strategy(db, 's');
      await db.json(...words('user disable seed'));
      const id = "lpad(i::text, 26, '0')";
      await db.query(`
        INSERT INTO users (user_id, name, email, api_key, total_capital)
        SELECT 'u' || i, 'N', 'u' || i || '@example.com', md5('u' || i), 1000000 FROM generate_series(1, ${users}) i;
        INSERT INTO user_strategies (user_id, strategy_id, status, activated_at, total_orders, successful_orders)
        SELECT 'u' || i, 's', 'ACTIVE', now(), 0, 0 FROM generate_series(1, ${users}) i;
        INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status, imported)
        SELECT 'f' || ${id}, 'u' || i, 'TCS', 'BUY', 'MARKET', 10, 100, 10, 100, 'FILLED', true FROM generate_series(1, ${users}) i;
        INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
        SELECT 'w' || ${id}, 'u' || i, 'INFY', 'BUY', 'LIMIT', 10, 100 FROM generate_series(1, ${users}) i;
        INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, order_id, status, opened_at)
        SELECT 'p' || ${id}, 'u' || i, 'TCS', 'LONG', 10, 100, 100, 'f' || ${id}, 'OPEN', now() FROM generate_series(1, ${users}) i;
        INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id)
        SELECT 'x' || ${id}, 'f' || ${id}, i, 10, 100, now(), 'p' || ${id} FROM generate_series(1, ${users}) i;`);
      const name = new URL(String(db.env['DATABASE_URL']).replace('@/', '@localhost/')).pathname.slice(1);
      const secrets = Array.from({ length: users }, (_, i) => `u${i + 1},pin${i},totp${i}\n`).join('');
      const counts: Record<string, number> = {};
      for (const [line, code] of DAY) {
        recorder.take(name);
        const options = {
          stdin: `user_id,broker_secret,broker_totp\n${secrets}`,
          env: {
            DATABASE_URL: `postgres://postgres@127.0.0.1:${recorder.port}/${name}`,
            PINNACLE_BROKER: '',
          },
        };
        const ended = await db.cliWith(options, ...words(line.replace('{folder}', join(folder, name))));
        expect({ line, code: ended.code, stderr: ended.code === code ? '' : ended.stderr }).toEqual({
          line,
          code,
          stderr: '',
        });
        counts[line] = recorder.take(name).length;
      }
      const { rows } = await db.query(`SELECT
        (SELECT count(*)::int FROM trading_sessions WHERE status = 'COMPLETED' AND total_pnl = 10) AS sessions,
        (SELECT count(*)::int FROM risk_rules) AS rules,
        (SELECT count(*)::int FROM users WHERE broker_secret LIKE 'pne1.%' AND broker_totp LIKE 'pne1.%') AS secrets,
        (SELECT count(*)::int FROM api_key_grace) AS keys,
        (SELECT count(*)::int FROM orders WHERE status = 'CANCELLED') AS cancelled,
        (SELECT count(*)::int FROM positions WHERE status = 'CLOSED' AND realized_pnl = 10) AS closed,
        (SELECT count(*)::int FROM user_strategies WHERE status = 'ACTIVE') AS active`);
      expect(rows).toEqual([
        {
          sessions: users,
          rules: 5 * users,
          secrets: users,
          keys: users,
          cancelled: users,
          closed: users,
          active: users,
        },
      ]);
      expect(await db.cli('audit', 'verify')).toMatchObject({ code: 0 });
      return counts;
    } finally {
      await db.close();
    }
  }

  it('takes as many statements for a thousand as for three', { timeout: 300_000 }, async () => {
    const few = await play(3);
    expect(await play(1_000)).toEqual(few);
  });
});

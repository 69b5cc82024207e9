import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliOptions } from '../helpers/cli.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

interface Line {
  about: string;
  state: string;
  detail: string;
  help: string | null;
  count: number | null;
}

const TODAY = "(now() AT TIME ZONE 'Asia/Kolkata')::date";

describe.each(databases)('status on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  async function status(options: CliOptions = {}) {
    const { code, stdout } = await db.cliWith(options, 'status', '--json');
    const lines = JSON.parse(stdout) as Line[];
    const of = (about: string) => lines.find((line) => line.about === about);
    return { code, of, next: of('next')?.detail };
  }

  it('names the command that is missing, where the schema is not rolled out', async () => {
    const empty = await open(0);
    const { hint } = await empty.refused('status', { code: 5, error: 'PHASE_NEEDED' });
    expect(hint).toContain('pinnacle migrate up');
    await empty.close();
  });

  it('begins with a user, and goes on with what doctor warns of', async () => {
    expect(await status()).toMatchObject({ code: 0, next: 'pinnacle user add --help' });
    await given.user(db);
    await given.user(db, 'trader_002');
    const { code, of, next } = await status();
    expect(of('doctor')).toMatchObject({ state: 'warn', detail: 'warnings: backup' });
    expect({ code, next }).toEqual({ code: 0, next: 'pinnacle backup create' });
  });

  it.each([
    ["'HOLIDAY', NULL, NULL", 'NSE is closed: Day of tests'],
    ["'SPECIAL', '00:00', '23:59'", 'NSE is open until 23:59'],
  ])('says whether the exchange trades: %s', async (hours, said) => {
    await db.query('DELETE FROM market_days');
    await db.query(
      `INSERT INTO market_days (exchange, day, name, kind, opens, closes, source) SELECT 'NSE', ${TODAY}, 'Day of tests', kind, opens::time, closes::time, 'x'
       FROM (VALUES (${hours})) AS v (kind, opens, closes)`,
    );
    expect((await status()).of('day')?.detail).toContain(said);
    await db.query('DELETE FROM market_days');
  });

  it('names a mark that is old as what can be mended, with Redis and without', async () => {
    await given.position(db, { price: 100 });
    await db.query("UPDATE positions SET marked_at = now() - interval '1 day'");
    expect(await status()).toMatchObject({ code: 0, next: 'pinnacle position mark --help' });
  });

  it('goes on where Redis is away, and says so', async () => {
    const { code, of, next } = await status({ env: { ...db.env, REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(code).toBe(6);
    expect(of('doctor')).toMatchObject({ state: 'fail', detail: expect.stringContaining('redis') });
    expect(of('positions')).toMatchObject({ count: 1, help: 'pinnacle position mark --from-cache' });
    expect(next).toBe('pinnacle doctor --check redis');
  });

  it('ends 6 where a message could not be sent, and names what helps', async () => {
    await db.query(`INSERT INTO alert_channels (channel, kind, settings) VALUES ('c', 'webhook', '{}')`);
    await db.query(`INSERT INTO alert_routes (route_id, channel, min_level, group_wait, repeat_after, hourly_limit)
      VALUES ('r', 'c', 'INFO', 0, 0, 1)`);
    await db.query(`INSERT INTO alert_deliveries (delivery_id, route_id, channel, group_key, critical, message, state, created_at, next_at, give_up_at)
      VALUES ('d', 'r', 'c', 'g', false, '{}', 'DEAD', now(), now(), now())`);
    const { code, of, next } = await status();
    expect({ code, next }).toEqual({ code: 6, next: 'pinnacle alert status --state DEAD' });
    expect(of('doctor')).toMatchObject({ state: 'fail', detail: expect.stringContaining('failed: alerts') });
    await db.query('DELETE FROM alert_channels');
  });

  it('asks about the one who is concerned, or about all', async () => {
    await db.cli('risk', 'halt', 'trader_002', '--reason', 'test', '--yes');
    expect((await status()).next).toBe('pinnacle risk status trader_002');
    await db.cli('risk', 'halt', 'trader_001', '--reason', 'test', '--yes');
    expect((await status()).next).toBe('pinnacle risk status');
  });

  it('takes as many statements for a thousand traders as for one', async () => {
    const statements = async () =>
      (await db.cli('status', '--debug')).stderr.split('\n').filter((line) => / ms\b/.test(line)).length;
    const before = await statements();
    expect(before).toBeGreaterThan(5);
    await db.query(`INSERT INTO users (user_id, name, email, api_key)
      SELECT 'many_' || i, 'N', i || '@example.com', md5(i::text) FROM generate_series(1, 1000) i`);
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, marked_at)
      SELECT 'pos_many_' || i, 'many_' || i, 'TCS', 'LONG', 1, 100, 100, now() FROM generate_series(1, 1000) i`);
    expect((await status()).of('traders')?.count).toBeGreaterThanOrEqual(1000);
    expect(await statements()).toBe(before);
  });
});

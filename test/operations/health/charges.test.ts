import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEVIES } from '../../../src/domain/charges/schedule.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const DAY_MS = 86_400_000;
const INDIA_MS = 330 * 60_000;
/** The trading day so many days ago, YYYY-MM-DD. */
const ago = (days: number) => new Date(Date.now() + INDIA_MS - days * DAY_MS).toISOString().slice(0, 10);

describe.each(databases)('days without charges, as doctor sees them on $name,', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 't1');
    await given.user(db, 't2');
  });
  afterAll(() => db?.close());

  const trade = async (user: string, day: string) => {
    const order = await given.order(db, { user, product: 'CNC' });
    await db.query(`UPDATE orders SET created_at = '2020-01-01' WHERE order_id = '${order}'`);
    // At midnight in India: this has passed also where the day has only begun.
    const at = new Date(Date.parse(day) - INDIA_MS).toISOString();
    await given.fill(db, order, { quantity: 10, price: 100, at });
  };
  const seen = async (env: Record<string, string> = {}) => {
    const { stdout } = await db.cliWith({ env }, ...words('doctor --check charges --json'));
    const [row] = [JSON.parse(stdout)].flat();
    return row;
  };

  it('are no matter where none was ever booked, nor from before', async () => {
    await trade('t1', ago(9));
    expect(await seen()).toMatchObject({ state: 'ok', detail: 'none was ever booked' });
    await trade('t1', ago(7));
    await db.json(...words(`charges book --day ${ago(7)}`));
    await trade('t1', ago(0));
    expect(await seen()).toMatchObject({ state: 'ok', detail: 'booked for each day that costs something' });
  });

  it('are named, with the command that books them', async () => {
    // Of a day, one of two traders.
    await trade('t2', ago(7));
    await trade('t1', ago(5));
    expect(await seen()).toMatchObject({
      state: 'warn',
      detail: `not booked for each trader whom the day costs something: ${ago(7)}, ${ago(5)}`,
      help: `pinnacle charges book --since ${ago(7)}`,
    });
    const { code } = await db.cli(...words(`charges book --since ${ago(7)}`));
    expect(code).toBe(0);
    expect(await seen()).toMatchObject({ state: 'ok' });
  });

  it('are not named where the schedule of the settings costs nothing, but where it has no rate', async () => {
    await trade('t1', ago(4));
    const path = join(mkdtempSync(join(tmpdir(), 'pinnacle-charges-')), 'free.json');
    const none = {
      exchanges: ['NSE'],
      segments: ['delivery', 'intraday'],
      from: '2020-01-01',
      source: 'plan',
    };
    const rates = LEVIES.map((levy) => ({
      ...{ ...none, levy },
      ...(levy === 'dp' ? { segments: ['delivery'] } : {}),
      ...(['brokerage', 'dp'].includes(levy) ? { amount: '0' } : { percent: '0' }),
    }));
    const schedule = { name: 'free', extends: 'shipped', sources: { plan: 'a letter' }, rates };
    const free = { PINNACLE_CHARGES_SCHEDULE: path };
    writeFileSync(path, JSON.stringify(schedule));
    expect(await seen(free)).toMatchObject({
      state: 'ok',
      detail: 'booked for each day that costs something',
    });
    expect(await seen()).toMatchObject({ state: 'warn', help: `pinnacle charges book --since ${ago(4)}` });
    // Of another exchange alone: what it would cost is not known.
    const { extends: _, ...alone } = schedule;
    const conventions = [
      { from: '2020-01-01', gstOn: [], sttPrice: 'average', rounding: {}, source: 'plan' },
    ];
    const elsewhere = rates.map((rate) => ({ ...rate, exchanges: ['BSE'] }));
    writeFileSync(path, JSON.stringify({ ...alone, conventions, rates: elsewhere }));
    expect(await seen(free)).toMatchObject({
      state: 'warn',
      help: `pinnacle charges book --since ${ago(4)}`,
    });
  });
});

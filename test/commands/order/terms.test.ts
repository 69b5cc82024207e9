import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instant } from '../../../src/domain/instant.ts';
import { exchangeProblems, type MarketFacts, triggerProblem } from '../../../src/domain/order-checks.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

const PLACE =
  'order place --user trader_001 --symbol SBIN --side BUY --quantity 10 --type LIMIT --price 800.05';
const STOP =
  'order place --user trader_001 --symbol SBIN --side SELL --quantity 10 --type STOP_LOSS --price 795';

const folder = mkdtempSync(join(tmpdir(), 'terms-'));
const MASTER = join(folder, 'master.json');
writeFileSync(
  MASTER,
  JSON.stringify(
    [
      ...[['SBIN-EQ', 'NSE', '10.0', '1', '-1', '', '1']].map((row) => row),
      ['NIFTY30DEC26FUT', 'NFO', '5.0', '75', '1800', '30DEC2026', '2'],
      ['NIFTY30DEC25FUT', 'NFO', '5.0', '75', '1800', '30DEC2025', '3'],
    ].map(([symbol, exch_seg, tick_size, lotsize, freeze_qty, expiry, token]) => ({
      ...{ symbol, exch_seg, tick_size, lotsize, freeze_qty, expiry, token },
      ...{ name: 'X', strike: '-1', instrumenttype: exch_seg === 'NFO' ? 'FUTIDX' : '' },
    })),
  ),
);

describe.each(databases)('the terms of an order on $name', ({ open }) => {
  let db: TestDatabase;
  const place = (line: string) => db.json(...words(line));
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db?.close());

  it('are stored, shown, listed and recorded', async () => {
    const placed = await place(`${STOP} --trigger-price 796 --product mis --exchange bse --order-id o1`);
    const terms = { product: 'MIS', exchange: 'BSE', trigger_price: 796 };
    expect(placed).toMatchObject(terms);
    expect(await place('order show o1')).toMatchObject(terms);
    const [listed] = await db.json<Record<string, unknown>[]>('order', 'list');
    expect(listed).toMatchObject(terms);
    const { stdout } = await db.cli(...words('order list --csv --columns order_id,trigger_price,exchange'));
    expect(stdout).toContain('o1,796,BSE');
    const [audit] = await db.audits('order place');
    expect(audit?.body).toMatchObject({ order: terms });
  });

  it('are changed, product and exchange only before the order is sent', async () => {
    const changed = await place('order amend o1 --trigger-price 797 --product CNC --exchange NSE');
    expect(changed).toMatchObject({ trigger_price: 797, product: 'CNC', exchange: 'NSE', price: 795 });
    const [audit] = await db.audits('order amend');
    expect(audit?.body).toMatchObject({
      before: { trigger_price: 796, exchange: 'BSE', product: 'MIS' },
      after: { trigger_price: 797, exchange: 'NSE', product: 'CNC' },
    });
    await place('order amend o1 --trigger-price 797 --exchange NSE');
    expect(await db.audits('order amend')).toHaveLength(1);
    await place('order accept o1 --broker-order-id b1');
    await db.refused('order amend o1 --product MIS', { code: 5, error: 'ORDER_STATE' });
    await db.refused('order amend o1 --price 798', { code: 2, stderr: 'at least its limit' });
    expect(await place('order amend o1 --trigger-price 798')).toMatchObject({ trigger_price: 798 });
  });

  it('are not there where nobody said them', async () => {
    await place(`${PLACE} --order-id o2`);
    expect(await place('order show o2')).toMatchObject({
      product: null,
      exchange: null,
      trigger_price: null,
    });
  });

  it.each([
    [`${PLACE} --trigger-price 800`, 'Only a STOP_LOSS'],
    [`${STOP} --trigger-price 794`, 'at least its limit'],
    [`${PLACE} --product SOMETHING`, '--product'],
    [`${PLACE} --exchange XYZ`, '--exchange'],
  ])('%s is refused', async (line, stderr) => {
    await db.refused(line, { code: 2, stderr });
  });

  it('need the step, without which orders go on', async () => {
    const old = await open();
    await backToStep(old, 7);
    await given.user(old);
    await old.refused(`${PLACE} --exchange NSE`, {
      code: 5,
      error: 'PHASE_NEEDED',
      stderr: 'pinnacle migrate up',
    });
    await old.refused(`${PLACE} --product MIS`, {
      code: 5,
      error: 'PHASE_NEEDED',
      stderr: 'pinnacle migrate up',
    });
    await old.json(...words(`${PLACE} --order-id o3`));
    await old.json(...words('order amend o3 --price 801'));
    expect(await old.json('order', 'show', 'o3')).toMatchObject({ price: 801, exchange: null });
    expect(await old.json('order', 'list')).toMatchObject([
      { order_id: 'o3', product: null, trigger_price: null },
    ]);
    await old.close();
  });
});

describe.each(databases)('orders that the exchange would not take on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db?.close());
  const said = async (line: string, checks = 'warn') => {
    const { code, stderr } = await db.cliWith(
      { env: { ...db.env, PINNACLE_ORDER_CHECKS: checks } },
      ...words(line),
    );
    return { code, stderr };
  };
  const NFO = 'order place --user trader_001 --exchange NFO --side BUY --type LIMIT --price 24000';

  it('pass where nothing was imported', async () => {
    expect((await said(PLACE, 'refuse')).code).toBe(0);
  });

  it('are warned of, or refused, or not looked at', async () => {
    await db.json('instrument', 'import', MASTER);
    const off = 'SBIN-EQ trades in steps of 0.1 rupees: 800 or 800.1, not 800.05.';
    const warned = await said(PLACE);
    expect(warned).toMatchObject({ code: 0, stderr: expect.stringContaining(off) });
    expect(await said(PLACE, 'refuse')).toMatchObject({ code: 5, stderr: expect.stringContaining(off) });
    expect((await said(PLACE, 'off')).stderr).not.toContain('steps');
    expect((await said(`${NFO} --symbol NIFTY30DEC26FUT --quantity 150`, 'refuse')).code).toBe(0);
    const lots = await said(`${NFO} --symbol NIFTY30DEC26FUT --quantity 1801`, 'refuse');
    expect(lots).toMatchObject({ code: 5, stderr: expect.stringMatching(/lots of 75[\s\S]*at most 1800/) });
    expect((await said(`${NFO} --symbol NIFTY30DEC25FUT --quantity 75`, 'refuse')).stderr).toContain(
      'expired on 2025-12-30',
    );
    await db.json(...words(`${PLACE} --order-id a1`));
    expect((await said('order amend a1 --price 801.02', 'refuse')).stderr).toContain('not 801.02');
    await db.json(...words(`${NFO} --symbol NIFTY30DEC26FUT --quantity 75 --order-id a2`));
    expect((await said('order amend a2 --quantity 80', 'refuse')).stderr).toContain('lots of 75');
  });

  it('are refused on a holiday of today', async () => {
    const line = PLACE.replace('800.05', '800');
    await db.query(`INSERT INTO market_days (exchange, day, name, kind)
      VALUES ('NSE', (now() AT TIME ZONE 'Asia/Kolkata')::date, 'A holiday', 'HOLIDAY')`);
    expect(await said(line, 'refuse')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('NSE is closed: A holiday.'),
    });
    expect(await said(line)).toMatchObject({ code: 0, stderr: expect.stringContaining('NSE is closed') });
  });
});

describe('what an exchange would not take', () => {
  const facts: MarketFacts = {
    exchange: 'NSE',
    instrument: null,
    has_calendar: true,
    day: null,
    has_derivatives: null,
  };
  const terms = { order_type: 'LIMIT', quantity: 1, price: 100.03, trigger_price: null } as const;
  it.each([
    ['2026-11-27T06:00:00.000000Z', []],
    ['2026-11-28T06:00:00.000000Z', ['NSE is closed: it is Saturday.']],
    ['2026-11-27T10:10:00.000000Z', ['NSE is closed: it closed at 15:35 (09:15 to 15:35 today).']],
    ['2026-11-27T03:00:00.000000Z', ['NSE is closed: it opens at 09:15 (09:15 to 15:35 today).']],
  ])('at %s', (at, problems) => expect(exchangeProblems(facts, terms, at as Instant)).toEqual(problems));
  it('does not include the reference of a MARKET order, nor an order of today for what expires today', () => {
    const instrument = {
      trading_symbol: 'X',
      lot: null,
      tick: 0.05,
      freeze_quantity: null,
      expiry: '2026-11-27',
    };
    const at = '2026-11-27T06:00:00.000000Z' as Instant;
    expect(exchangeProblems({ ...facts, instrument }, { ...terms, order_type: 'MARKET' }, at)).toEqual([]);
    expect(exchangeProblems({ ...facts, instrument }, terms, at)).toHaveLength(1);
  });
  it.each([
    ['STOP_LOSS', 'BUY', 100, 101, true],
    ['STOP_LOSS', 'BUY', 101, 100, false],
    ['STOP_LOSS', 'SELL', 101, 100, true],
    ['STOP_LOSS', 'SELL', 100, 101, false],
    ['STOP_LOSS', 'SELL', 100, null, false],
    ['LIMIT', 'SELL', 100, 100, true],
  ] as const)('%s %s at %d from %s on: wrong is %s', (order_type, side, price, trigger_price, wrong) =>
    expect(triggerProblem({ order_type, side, price, trigger_price }) !== undefined).toBe(wrong),
  );
});

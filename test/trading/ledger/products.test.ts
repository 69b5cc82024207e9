import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

type Flags = Parameters<typeof given.order>[1];

describe.each(databases)('positions of several products on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  /** An order of a product; null where nobody says one. */
  async function order(product: string | null, flags: Flags): Promise<string> {
    const id = await given.order(db, flags);
    await db.query('UPDATE orders SET product = $1 WHERE order_id = $2', [product, id]);
    return id;
  }
  async function filled(product: string | null, flags: Flags & { quantity: number; price: number }) {
    const { price, ...terms } = flags;
    const id = await order(product, terms);
    return given.fill(db, id, { quantity: flags.quantity, price, brokerFillId: `of-${id}` });
  }
  const shown = (position: string) => db.json('position', 'show', position);
  const capital = async () => (await db.json('user', 'show', 'trader_001'))['total_capital'];
  const isSound = () => db.json('doctor', 'ledger');

  it('are netted each for itself, what nobody said among them', async () => {
    const before = Number(await capital());
    const symbol = 'NET';
    const cnc = await filled('CNC', { symbol, quantity: 10, price: 100 });
    const mis = await filled('MIS', { symbol, side: 'SELL', quantity: 4, price: 110 });
    const unsaid = await filled(null, { symbol, quantity: 3, price: 90 });
    expect(new Set([cnc, mis, unsaid]).size).toBe(3);
    expect(await shown(cnc)).toMatchObject({ product: 'CNC', side: 'LONG', quantity: 10 });
    expect(await shown(mis)).toMatchObject({ product: 'MIS', side: 'SHORT', quantity: 4 });
    expect(await shown(unsaid)).toMatchObject({ product: null, side: 'LONG', quantity: 3 });
    expect(Number(await capital())).toBe(before);

    // A fill that turns the position of one product around leaves the others as they are.
    const turned = await filled('MIS', { symbol, quantity: 6, price: 100 });
    expect(turned).toBe(mis);
    expect(await shown(mis)).toMatchObject({ status: 'CLOSED', realized_pnl: '40.00' });
    const list = await db.json(...words(`position list --symbol ${symbol} --product MIS`));
    expect(list).toMatchObject([{ side: 'LONG', quantity: 2, average_price: 100, status: 'OPEN' }]);
    expect(await shown(cnc)).toMatchObject({ quantity: 10, average_price: 100 });
    expect(Number(await capital())).toBe(before + 40);
    await isSound();
  });

  it('are told apart in what they were and how they came about', async () => {
    const symbol = 'PAST';
    const cnc = await filled('CNC', { symbol, quantity: 10, price: 100 });
    const mis = await filled('MIS', { symbol, quantity: 5, price: 101 });
    await filled('MIS', { symbol, side: 'SELL', quantity: 8, price: 102 });
    expect(await db.json('position', 'history', mis)).toMatchObject([
      { quantity: 5, position_quantity: 5 },
      { quantity: 5, position_quantity: 0, realized_pnl: '5.00' },
    ]);
    expect(await db.json('position', 'history', cnc)).toHaveLength(1);
    const now = new Date().toISOString();
    const asOf = await db.json(...words(`position list --symbol ${symbol} --as-of ${now}`));
    expect(asOf).toMatchObject([
      { product: 'MIS', side: 'SHORT', quantity: 3 },
      { product: 'CNC', side: 'LONG', quantity: 10 },
    ]);
    const one = await db.json(...words(`position list --symbol ${symbol} --as-of ${now} --product CNC`));
    expect(one).toMatchObject([{ position_id: cnc }]);
  });

  it('are corrected, and their executions taken back, without the others', async () => {
    const before = Number(await capital());
    const symbol = 'FIX';
    const cnc = await filled('CNC', { symbol, quantity: 10, price: 100 });
    const mis = await filled('MIS', { symbol, quantity: 10, price: 200 });
    await filled('MIS', { symbol, side: 'SELL', quantity: 15, price: 210 });
    expect(Number(await capital())).toBe(before + 100);
    const fills = (await db.json(...words(`fill list --symbol ${symbol}`))) as unknown as Record<
      string,
      string
    >[];
    const [flip, bought] = fills.filter(({ price }) => Number(price) >= 200);
    await db.json(...words(`fill correct ${bought?.['fill_id']} --price 190 --reason wrong --yes`));
    expect(Number(await capital())).toBe(before + 200);
    expect(await shown(cnc)).toMatchObject({ quantity: 10, average_price: 100, realized_pnl: '0.00' });
    expect(await shown(mis)).toMatchObject({ product: 'MIS', status: 'CLOSED', realized_pnl: '200.00' });
    await isSound();
    await db.json(...words(`fill bust ${flip?.['fill_id']} --reason never --yes`));
    expect(Number(await capital())).toBe(before);
    expect(await shown(mis)).toMatchObject({ product: 'MIS', status: 'OPEN', side: 'LONG', quantity: 10 });
    const open = await db.json(...words(`position list --symbol ${symbol}`));
    expect(open).toMatchObject([
      { product: 'MIS', quantity: 10 },
      { product: 'CNC', quantity: 10 },
    ]);
    await isSound();
  });

  it('are closed by an order of their product, and no order of another one closes them', async () => {
    const symbol = 'END';
    const cnc = await filled('CNC', { symbol, quantity: 10, price: 100 });
    const mis = await filled('MIS', { symbol, quantity: 10, price: 100 });
    const { closing_order_id } = await db.json('position', 'close', cnc);
    const { rows } = await db.query('SELECT product FROM orders WHERE order_id = $1', [closing_order_id]);
    expect(rows).toEqual([{ product: 'CNC' }]);
    // That the one is being closed is no reason to keep the other.
    expect(await db.json('position', 'close', mis, '--price', '101')).toMatchObject({
      ...{ product: 'MIS', status: 'CLOSED', credited: '10.00' },
    });
    await db.json('order', 'fill', String(closing_order_id), '--quantity', '10', '--price', '102');
    expect(await shown(cnc)).toMatchObject({ status: 'CLOSED', realized_pnl: '20.00' });
    await isSound();
  });

  it('count together for the size of a position, and apart for what reduces', async () => {
    const symbol = 'SIZE';
    await given.user(db, 'limited');
    await filled('CNC', { user: 'limited', symbol, quantity: 10, price: 100 });
    await filled('MIS', { user: 'limited', symbol, side: 'SELL', quantity: 5, price: 100 });
    await db.json(...words('risk set limited MAX_POSITION_SIZE 1600'));
    const preview = (product: string, side: string, quantity: number) =>
      words(
        `risk check limited --order {"symbol":"${symbol}","side":"${side}","quantity":${quantity},"price":100,"product":"${product}"}`,
      );
    // 10 and 5 short make 15 shares: nothing is netted over products.
    expect(await db.cli(...preview('MIS', 'SELL', 1))).toMatchObject({ code: 0 });
    expect(await db.cli(...preview('MIS', 'SELL', 2))).toMatchObject({ code: 6 });
    expect(await db.cli(...preview('NRML', 'SELL', 2))).toMatchObject({ code: 6 });
    await db.json(...words('risk halt limited --reason test --yes'));
    expect(await db.cli(...preview('CNC', 'SELL', 10))).toMatchObject({ code: 0 });
    expect(await db.cli(...preview('MIS', 'SELL', 10))).toMatchObject({ code: 6 });
    expect(await db.cli(...preview('MIS', 'BUY', 5))).toMatchObject({ code: 0 });
  });

  it('follow a symbol to its new name, each for itself, and back', async () => {
    await given.user(db, 'renamed');
    const flags = { user: 'renamed' };
    const cnc = await filled('CNC', { ...flags, symbol: 'OLDNAME', quantity: 10, price: 100 });
    const mis = await filled('MIS', { ...flags, symbol: 'OLDNAME', quantity: 4, price: 100 });
    await filled('MIS', { ...flags, symbol: 'NEWNAME', side: 'SELL', quantity: 6, price: 110 });
    await db.json(...words('symbol alias OLDNAME NEWNAME'));
    const [merge] = (await db.json(
      ...words('position merge-symbol OLDNAME --user renamed --yes'),
    )) as unknown as [Record<string, string>];
    const listed = () => db.json(...words('position list --user renamed'));
    expect(await shown(cnc)).toMatchObject({ symbol: 'NEWNAME', product: 'CNC', quantity: 10 });
    expect(await shown(mis)).toMatchObject({ status: 'CLOSED', realized_pnl: '40.00' });
    expect(await listed()).toMatchObject([
      { symbol: 'NEWNAME', product: 'MIS', side: 'SHORT', quantity: 2 },
      { symbol: 'NEWNAME', product: 'CNC', side: 'LONG', quantity: 10 },
    ]);
    await isSound();
    await db.json(...words(`position unmerge-symbol ${merge['merge_id']} --yes`));
    expect(await shown(mis)).toMatchObject({ symbol: 'OLDNAME', product: 'MIS', quantity: 4 });
    expect(await listed()).toHaveLength(3);
    await isSound();
  });

  it('are found where a fill moved that of another product', async () => {
    const symbol = 'WRONG';
    await filled('CNC', { symbol, quantity: 10, price: 100 });
    const id = await order('CNC', { symbol, quantity: 10 });
    await given.fill(db, id, { quantity: 10, price: 100 });
    await db.query("UPDATE orders SET product = 'MIS' WHERE order_id = $1", [id]);
    const found = await db.cli('doctor', 'ledger', '--json');
    expect(found.code).toBe(6);
    expect(found.stdout).toContain('position_owner');
  });

  it('are not there on a schema without products, where everything else works', async () => {
    const older = await open();
    await given.user(older);
    await backToStep(older, 7);
    const position = await given.position(older, { price: 100 });
    expect(await older.json('position', 'show', position)).toMatchObject({ product: null, quantity: 10 });
    expect(await older.json('position', 'list')).toMatchObject([{ product: null }]);
    await older.json('position', 'close', position, '--price', '101');
    await older.json('doctor', 'ledger');
    expect(await older.refused(words('position list --product MIS'), { code: 5 })).toMatchObject({
      code: 'PHASE_NEEDED',
    });
    await older.close();
  });
});

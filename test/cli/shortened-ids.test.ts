import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintId } from '../../src/domain/id.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

const MOMENT = new Date('2026-01-30T04:00:00.123Z');
const SHOWN = /^ord_\S*(?:…|\.\.\.)\S+/;

describe.each(databases)('shortened ids, on $name', ({ name, open }) => {
  let db: TestDatabase;
  /** Orders of one millisecond. */
  const orders = Array.from({ length: 6 }, () => mintId('ord', MOMENT));
  const [first = ''] = orders;
  const insert = (ids: readonly string[]) =>
    db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
       SELECT id, 'trader_001', 'TCS', 'BUY', 'LIMIT', 10, 100, 'PENDING' FROM unnest($1::text[]) id`,
      [ids],
    );
  const endOf = (id: string) => id.slice(-6);

  beforeAll(async () => {
    db = await open();
    await given.user(db);
    await insert(orders);
  });
  afterAll(() => db.close());

  const shownIds = async (columns: number, LANG: string) => {
    const options = { tty: true, columns, env: { NO_COLOR: '1', LANG } };
    const { stdout } = await db.cliWith(options, ...words('order list --sort order_id'));
    return stdout.split('\n').flatMap((line) => SHOWN.exec(line) ?? []);
  };

  it.each([
    [80, 'en_IN.UTF-8', '…'],
    [76, 'C', '...'],
  ])('a table of %i columns shows what every command takes, in %s', async (columns, locale, ellipsis) => {
    const shown = await shownIds(columns, locale);
    expect(new Set(shown).size).toBe(orders.length);
    for (const text of shown.slice(2, 5)) {
      expect(text).toContain(ellipsis);
      const { order_id } = await db.json('order', 'show', text);
      const [start = '', end = ''] = text.split(ellipsis);
      expect(order_id).toMatch(new RegExp(`^${start}\\w+${end}$`));
      for (const part of [end, `…${end}`, `...${end}`, end.toLowerCase()])
        expect(await db.json('order', 'show', part)).toMatchObject({ order_id });
    }
  });

  it('an answer to a question may be one', async () => {
    const { code, stdout } = await db.cliWith(
      { tty: true, answer: { to: 'the order', keys: `${first.slice(0, 9)}…${endOf(first)}\r` } },
      ...words('order show --columns order_id,status'),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(first) });
  });

  it('pipes, JSON and CSV have whole ids', async () => {
    for (const form of [[], ['--json'], ['--csv']]) {
      const { stdout } = await db.cli('order', 'list', ...form);
      for (const id of orders) expect(stdout).toContain(id);
    }
  });

  it('a change is on record under the whole id, and so is its refusal', async () => {
    await db.json('order', 'cancel', endOf(first));
    expect((await db.audits('order cancel')).at(-1)?.target).toBe(`order ${first}`);
    await db.refused(['order', 'reject', endOf(first), '--reason', 'late'], { code: 5 });
    expect((await db.audits('denied')).at(-1)?.target).toBe(`order ${first}`);
  });

  it('an id that is there is never taken for a part of another', async () => {
    const end = endOf(first);
    await insert([end, 'ord_01KG0', 'TRADER01']);
    for (const own of [end, 'ord_01KG0', 'TRADER01'])
      expect(await db.json('order', 'show', own)).toMatchObject({ order_id: own });
    expect(await db.json('order', 'show', `…${end}`)).toMatchObject({ order_id: first });
    expect(await db.json('fill', 'list', '--order', end)).toEqual([]);
    const start = first.slice(0, 12);
    const placed = await db.json(
      ...words(`order place --order-id ${start} --user trader_001 --symbol TCS --side BUY --quantity 1`),
    );
    expect(placed['order_id']).toBe(start);
    expect(await db.json('order', 'cancel', start)).toMatchObject({ order_id: start });
  });

  it('names the candidates where there are several, and changes nothing', async () => {
    const [, , third = ''] = orders;
    const alike = `ord_01AAAAAAAAAAAAAAAAAA${endOf(third)}`;
    await insert([alike]);
    const byEnd = await db.refused(['order', 'cancel', endOf(third)], { code: 2, error: 'USAGE' });
    expect(byEnd.message).toBe(`More than one order matches ${endOf(third)}.`);
    expect(byEnd.hint).toBe(`Name one of them: ${third}, ${alike}`);
    expect(await db.json('order', 'show', `ord_01AAA…${endOf(third)}`)).toMatchObject({ order_id: alike });
    const byStart = await db.refused(['order', 'cancel', first.slice(0, 28)], { code: 2 });
    const named = [...orders].sort().reverse().slice(0, 5);
    expect(byStart.hint).toBe(`Name one of them: ${named.join(', ')} and more`);
  });

  it.each(['QQQQQQ', '…QQQQQQ', 'ord_01QQQ', 'ord_01QQQ…', 'ord_01QQQ…QQQQQQ', 'ord_01QQQ...QQQQQQ'])(
    '%s of no order is not found',
    async (text) => {
      await db.refused(['order', 'cancel', text], { code: 3, error: 'ORDER_NOT_FOUND' });
    },
  );

  it('ids of another program are neither found by their parts nor in the way', async () => {
    const others = [
      "a'b BBBBBB",
      'x%BBBBBB',
      'x_BBBBBB',
      'back\\BBBBBB',
      'ord_01BBB BBBBBB',
      'ord_20260101001',
    ];
    await insert(others);
    for (const part of ['BBBBBB', '…BBBBBB', 'ord_01BBB', 'ord_01BBB…BBBBBB', 'ord_2026010100'])
      await db.refused(['order', 'cancel', part], { code: 3, error: 'ORDER_NOT_FOUND' });
    const own = 'ord_01BBBBBBBBBBBBBBBBBBBBBBBB';
    await insert([own]);
    expect(await db.json('order', 'show', 'BBBBBB')).toMatchObject({ order_id: own });
    for (const text of ['%BBBBBB', '______', 'ord_%…BBBBBB', "…BBBBB'", '\\BBBBBB'])
      expect((await db.cli('order', 'cancel', text)).code, text).toBe(2);
  });

  it('every kind of id is found so', async () => {
    const user = await db.json(...words('user add --name Ravi --email ravi@example.com --capital 1000000'));
    const who = endOf(String(user['user_id']));
    const session = await db.json('session', 'start', who);
    await db.json(
      ...words(`order place --user ${who} --order-id bought --symbol TCS --side BUY --quantity 1`),
    );
    const fill = await db.json(...words('order fill bought --quantity 1 --price 100'));
    const flow = await db.json('user', 'deposit', who, '5');
    const notice = await db.json(
      ...words(`notification send --user ${who} --type SERVICE_DOWN --level INFO --title T --message M`),
    );
    for (const [line, column, { [column]: whole }] of [
      ['user show', 'user_id', user],
      ['session show', 'session_id', session],
      ['position show', 'position_id', fill],
      ['notification show', 'notification_id', notice],
    ] as const)
      expect(await db.json(...words(line), endOf(String(whole)))).toMatchObject({ [column]: whole });
    await db.json('user', 'reverse-flow', endOf(String(flow['flow_id'])), '--reason', 'twice', '--yes');
    const [bought] = await db.json<Record<string, unknown>[]>('fill', 'list', '--user', who);
    await db.json('fill', 'bust', endOf(String(bought?.['fill_id'])), '--reason', 'error', '--yes');
    expect(await db.json('fill', 'list', '--user', who)).toEqual([]);
    const { halt_id } = await db.json('risk', 'halt', who, '--reason', 'news', '--yes');
    await db.json('risk', 'resume', who, '--reason', 'over', '--confirm', String(user['user_id']));
    expect(await db.json('strategy', 'resume', '--all', '--halt', endOf(String(halt_id)))).toEqual([]);
  });

  it.runIf(name === 'server')('also where orders are partitioned', async () => {
    await db.json(...words('partition enable orders --yes'));
    for (const id of [
      first.slice(0, 30),
      endOf(orders[1] ?? ''),
      `${first.slice(0, 9)}…${endOf(orders[3] ?? '')}`,
    ])
      expect(orders).toContain((await db.json('order', 'show', id))['order_id']);
  });
});

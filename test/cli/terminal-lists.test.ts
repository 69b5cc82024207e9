import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textWidth } from '../../src/util/text-width.ts';
import { allCommands } from '../helpers/commands.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

const LISTS = [
  'order list',
  'position list',
  'fill list',
  'user list',
  'notification list',
  'session list --user trader_001',
  'strategy list',
  'strategy stats',
  'risk list',
  'audit list',
  'user flows trader_001',
  'order show first',
];

describe.each(databases)('lists on a terminal, on $name', ({ open }) => {
  let db: TestDatabase;
  let orders: string[];
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'trader_001', { name: 'अनिता Deshpande-Kulkarni of the desk in Mumbai' });
    await given.strategy(db, 'rsi_dmi');
    await db.json(...words('session start --user trader_001'));
    await db.json(...words('risk set trader_001 MAX_ORDERS_PER_DAY 1'));
    await db.json(...words('user deposit trader_001 250 --reference UTR1'));
    await given.position(db, { price: 2450.5, orderId: 'first' });
    await db.json(...words('risk remove trader_001 MAX_ORDERS_PER_DAY'));
    orders = [await given.order(db), await given.order(db)];
  });
  afterAll(() => db.close());

  const onTerminal = (columns: number, line: string) =>
    db.cliWith({ tty: true, columns, env: { NO_COLOR: '1', LANG: 'en_IN.UTF-8' } }, ...words(line));

  it.each([40, 80, 100, 120, 200])('no line is longer than %i columns', async (columns) => {
    for (const line of LISTS) {
      const { code, stdout } = await onTerminal(columns, line);
      expect(code, line).toBe(0);
      for (const text of stdout.split('\n').slice(0, line.startsWith('order show') ? 0 : undefined))
        expect(textWidth(text), `${line}: ${text}`).toBeLessThanOrEqual(columns);
    }
  });

  it('says which columns are left out, after the rows, and shows all on request', async () => {
    const narrow = await onTerminal(78, 'order list');
    expect(narrow.stdout.split('\n')[0]).toMatch(/^order_id +user_id +symbol +side +quantity +price +status/);
    expect(narrow.stderr).toBe(
      'Not shown at this width: strategy_id, order_type, filled_quantity,\n  filled_price, created_at. All: --columns all\n',
    );
    const all = await onTerminal(80, 'order list --columns all');
    expect(all.stdout).toContain('retry_count');
    expect(all.stderr).toBe('');
    const piped = await db.cli('order', 'list');
    expect(piped.stdout).toContain(orders[0]);
    expect((await onTerminal(250, 'order list')).stdout).toContain(orders[0]);
  });

  it('leaves nothing out on a terminal that does not know its width', async () => {
    const { stdout, stderr } = await onTerminal(0, 'order list');
    expect(stdout.split('\n')[0]).toMatch(/^order_id +user_id +strategy_id .* created_at$/);
    expect({ whole: stdout.includes(String(orders[0])), stderr }).toEqual({ whole: true, stderr: '' });
  });

  it('says what found nothing, and what makes a row', async () => {
    const { stdout, stderr } = await onTerminal(
      80,
      'order list --user trader_001 --symbol NIFTY --status REJECTED',
    );
    expect({ stdout, stderr }).toEqual({
      stdout: '',
      stderr:
        'Nothing found by:\n  pinnacle order list --user trader_001 --status REJECTED --symbol NIFTY\n' +
        '  To make one: pinnacle order place\n',
    });
    expect(await db.cli('order', 'list', '--symbol', 'NIFTY')).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

it('what makes a row is a command that writes', async () => {
  const all = await allCommands();
  const made = all.flatMap(({ command }) => command.madeBy ?? []);
  expect(made.length).toBeGreaterThan(10);
  for (const line of made)
    expect(all.find(({ path }) => path.join(' ') === line)?.command.effect, line).not.toBe('read');
});

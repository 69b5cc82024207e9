import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seal } from '../../src/commands/audit/seal.ts';
import { login } from '../../src/commands/broker/login.ts';
import { acted } from '../../src/commands/corporate-action/fields.ts';
import { adopt } from '../../src/commands/reconcile/adopt.ts';
import { textWidth } from '../../src/util/text-width.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

const ANSWERS: readonly [line: string, answer: string, next?: string][] = [
  [
    'order place --order-id o1 --user trader_001 --symbol INFY --side BUY --quantity 5 --type LIMIT --price 123456.5',
    'Placed o1: BUY 5 INFY LIMIT ₹1,23,456.50 for trader_001 (PENDING)',
    'order show o1',
  ],
  [
    'order accept o1 --broker-order-id 26',
    'Accepted o1: BUY 5 INFY LIMIT ₹1,23,456.50 for trader_001 (PLACED)',
    'order show o1',
  ],
  [
    'order fill o1 --quantity 2 --price 123456 --yes',
    'Filled o1: BUY 5 INFY LIMIT ₹1,23,456.50 for trader_001 (PARTIALLY_FILLED, 2 of 5 at ₹1,23,456.00)',
    'order show o1',
  ],
  [
    'order cancel o1',
    'Cancelled o1: BUY 5 INFY LIMIT ₹1,23,456.50 for trader_001 (CANCELLED, 2 of 5 at ₹1,23,456.00)',
    'order show o1',
  ],
  [
    'user deposit trader_001 250000.5',
    'Deposited ₹2,50,000.50 of trader_001, who has ₹12,50,000.50',
    'user flows trader_001',
  ],
  [
    'user withdraw trader_001 0.5',
    'Withdrawn ₹0.50 of trader_001, who has ₹12,50,000.00',
    'user flows trader_001',
  ],
  [
    'risk set trader_001 MAX_DRAWDOWN 7.5',
    'Set MAX_DRAWDOWN of trader_001 to 7.5',
    'risk list --user trader_001',
  ],
  ['strategy activate rsi_dmi --user trader_001', 'Activated rsi_dmi for trader_001 (ACTIVE)'],
  ['user disable trader_001 --yes', 'Disabled trader_001 (Asha Rao)', 'user show trader_001'],
];

const ADOPTED = {
  ...{ user_id: 'u', order_id: 'ord_1', broker_order_id: null, origin: 'adjust', strategy_id: null },
  ...{ symbol: 'SBIN', product: null, side: 'BUY', quantity: 0, price: null, status: null, reason: 'r' },
};
const DUE = { seq: 7, cluster: null, hash: null, checkpoint: null };
const LOGIN = { user_id: 'u', client_code: 'A1', logged_in_at: null, clock_skew_ms: null, problem: null };

it.each([
  [adopt.answer?.(ADOPTED), 'Nothing was booked: SBIN of u was adopted before as ord_1'],
  [
    seal.answer?.({ ...DUE, sealed: 0, unsealed: 3 }),
    'Sealed 0 entries, the chain ends at 7, 3 not sealed yet',
  ],
  [login.answer?.({ ...LOGIN, token_expires_at: null }), 'Logged in u (A1)'],
  [
    acted('Applied')({
      ...{ action_id: 'act_1', type: 'split', symbol: 'TCS', ex_date: '2026-02-02', status: 'APPLIED' },
      ...{ positions: 1, users: 1, orders_cancelled: 2, cash: '12.50', left: 0 },
    }),
    'Applied the split of TCS of 2026-02-02 (act_1): 1 position of 1 user, 2 orders cancelled, +₹12.50 booked',
  ],
])('claims no more than was done, and leaves nothing of it out', (answer, done) => {
  expect(answer?.done).toBe(done);
});

describe.each(databases)('what a write answers on a terminal, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    await given.strategy(db, 'rsi_dmi');
  });
  afterAll(() => db.close());

  const env = { NO_COLOR: '1', LANG: 'en_IN.UTF-8' };

  it('is one line, and what may follow', async () => {
    for (const [line, answer, next] of ANSWERS) {
      const { code, stdout, stderr } = await db.cliWith({ tty: true, env }, ...words(line));
      expect({ code, stdout }, line).toEqual({ code: 0, stdout: `✓ ${answer}\n` });
      if (next) expect(stderr.endsWith(`Next: pinnacle ${next}\n`), stderr).toBe(true);
    }
  });

  it('is a line for a list that comes to one row, and shows a secret once, on a line of its own', async () => {
    const marked = await db.cliWith(
      { tty: true, env },
      ...words('user add --user-id one --name O --email o@example.com'),
    );
    expect(marked.stdout).toMatch(
      /^✓ Added one \(O\) with ₹1,00,000\.00\nThe API key, shown this once: pin_live_\w+\n$/,
    );
    const dry = words('user add --name P --email p@example.com --dry-run');
    expect((await db.cliWith({ tty: true, env }, ...dry)).stdout).toMatch(/^✓ Added .*\n$/);
    const deposited = await db.cliWith({ tty: true, env }, ...dry, '--output-file', 'p.key');
    expect(deposited.stdout).toMatch(/^✓ Added \S+ \(P\) with ₹1,00,000\.00\n$/);
    await db.json(
      ...words(
        'order place --order-id o9 --user one --symbol TCS --side BUY --quantity 1 --type LIMIT --price 5',
      ),
    );
    await db.json(...words('order fill o9 --quantity 1 --price 5 --yes'));
    const { stdout } = await db.cliWith({ tty: true, env }, ...words('position mark TCS=6 --yes'));
    expect(stdout).toBe('✓ Marked TCS at ₹6.00: 1 position, unrealized +₹1.00\n');
    const table = await db.cliWith({ tty: true, env }, ...words('position mark TCS=6 --yes --verbose'));
    expect(table.stdout).toMatch(/^symbol +price +positions +unrealized_pnl\n/);
  });

  it('shows no secret again where a key of idempotency was used before', async () => {
    const line = words('user add --user-id twice --name T --email t@example.com --idempotency-key add-t');
    const first = await db.cliWith({ tty: true, env }, ...line);
    expect(first.stdout).toMatch(/\nThe API key, shown this once: pin_live_\w+\n$/);
    const again = await db.cliWith({ tty: true, env }, ...line);
    expect(again.stdout).toBe('✓ Added twice (T) with ₹1,00,000.00\n');
    expect(again.stderr).toContain('Already applied with this idempotency key');
  });

  it('breaks between words by the columns that they take', async () => {
    const name = '株式会社 売買担当 山田太郎 東京都千代田区 大手町一丁目 鈴木一郎 佐藤花子';
    const line = words('user add --user-id wide --email w@example.com');
    const { stdout } = await db.cliWith({ tty: true, columns: 60, env }, ...line, '--name', name);
    const lines = stdout.slice(0, stdout.indexOf('\nThe API key')).split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const each of lines) expect(textWidth(each)).toBeLessThanOrEqual(60);
  });

  it('is every column with --verbose, the columns that are asked for, and for a pipe what it always was', async () => {
    const line = words('order place --user trader_002 --symbol INFY --side BUY --quantity 1 --dry-run');
    await given.user(db, 'trader_002');
    const card = await db.cliWith({ tty: true, env }, ...line, '--verbose');
    expect(card.stdout).toMatch(/^order_id +ord_/);
    expect((await db.cliWith({ tty: true, env }, ...line, '--columns', 'side')).stdout).toBe('side  BUY\n');
    expect((await db.cli(...line)).stdout).toMatch(/^order_id\tord_/);
    const plain = await db.cliWith({ tty: true, env: { NO_COLOR: '1', LANG: 'C' } }, ...line);
    expect(plain.stdout).toMatch(/^OK Placed ord_\w+: BUY 1 INFY MARKET for trader_002 \(PENDING\)\n$/);
    expect(plain.stderr).toContain('Dry run: rolled back, nothing was changed.');
    // What it made is not there to be shown.
    expect(plain.stderr).not.toContain('Next: ');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { servers } from '../../helpers/databases.ts';
import { type ExplainingServer, startExplaining } from '../../helpers/explained.ts';
import { fillBook, HEAVY, pageCursor, USUAL } from '../../helpers/scale.ts';

const ORDERS = 1_000_000;

// [command line, an index of its plan, the pages it may read]
const LISTS: [string, string, number][] = [
  ['order list', 'idx_orders_', 20],
  [`order list --user ${USUAL}`, 'idx_orders_user_newest', 60],
  [`order list --user ${HEAVY}`, 'idx_orders_', 60],
  ['order list --status PENDING', 'idx_orders_status_newest', 60],
  ['order list --status FILLED', 'idx_orders_', 60],
  ['order list --strategy rare', 'idx_orders_strategy_newest', 60],
  ['order list --status PENDING,PLACED', 'idx_orders_status_newest', 120],
  ['order list --working', 'idx_orders_status_newest', 180],
  ['order list --working --reverse', 'idx_orders_status_newest', 180],
  [`order list --user ${USUAL},trader_7`, 'idx_orders_user_newest', 120],
  [`order list --user ${HEAVY} --working`, 'idx_orders_', 1_500],
  ['order list --side BUY --sort order_id', 'orders_pkey', 30],
  ['order list --symbol SYM7', 'idx_orders_', 400],
  // Two filters that are rare together meet in their indexes, before any row is read.
  [`order list --user ${USUAL} --status PENDING`, 'BitmapAnd', 100],
  [`order list --user ${USUAL} --strategy rare`, 'BitmapAnd', 100],
  [`order list --user ${USUAL} --strategy strategy_3`, 'BitmapAnd', 900],
  ['order list --since 2024-01-01 --until 2024-02-01', 'idx_orders_', 20],
  ['order list --after PAGE_1000', 'idx_orders_', 20],
  ['position list', 'idx_positions_open_newest', 70],
  ['position list --sort unrealized_pnl', 'idx_positions_', 1_200],
  ['position list --status CLOSED --sort closed_at', 'idx_positions_closed_at', 60],
  [`position list --status any --user ${USUAL},trader_7`, 'idx_positions_user_newest', 120],
  ['position list --status any', 'idx_positions_newest', 20],
  [`position list --status CLOSED --user ${USUAL}`, 'idx_positions_user_newest', 60],
  ['position list --as-of 2025-06-01T10:00:00Z --status any', 'idx_positions_newest', 20],
  [
    `position list --as-of 2025-06-01T10:00:00Z --status any --user ${USUAL}`,
    'idx_positions_user_newest',
    60,
  ],
  [`position list --as-of 2025-06-01T10:00:00Z --user ${USUAL}`, 'idx_order_fills_position_id', 8000],
  ['session list', 'idx_trading_sessions_newest', 20],
  [`session list --user ${USUAL}`, 'idx_trading_sessions_', 400],
  ['session list --status ACTIVE,COMPLETED', 'idx_trading_sessions_', 60],
  ['fill list', 'order_fills_seq_key', 300],
  ['fill list --sort executed_at', 'idx_order_fills_executed_at', 300],
  ['notification list --sort created_at', 'idx_notifications_created_at', 60],
  [`notification list --user ${USUAL},trader_7`, 'idx_notifications_', 240],
  ['notification list', 'idx_notifications_unread_newest', 60],
  [`notification list --user ${USUAL}`, 'idx_notifications_', 120],
  ['notification list --unread', 'idx_notifications_unread_newest', 60],
  ['audit list', 'audit_log_pkey', 20],
  ['audit list --reverse', 'audit_log_pkey', 20],
  ['audit list --command denied', 'idx_audit_log_denied', 60],
  ['audit list --target order_target', 'idx_audit_log_target', 20],
];

describe.each(servers)(`lists of a book of ${ORDERS} orders`, () => {
  let server: ExplainingServer;
  let after: string;

  beforeAll(async () => {
    server = await startExplaining();
    await fillBook(server.url, ORDERS);
    after = await pageCursor(server.url, 1_000);
    await server.executions();
  }, 180_000);
  afterAll(() => server?.stop());

  it.each(LISTS)('%s goes by %s and reads at most %i pages', async (line, index, most) => {
    const argv = line
      .replace('PAGE_1000', after)
      .split(' ')
      .map((word) => word.replace('_target', ' 5'));
    const { code, stdout } = await cli(argv, { env: { DATABASE_URL: server.url } });
    expect({ code, some: stdout !== '' }).toEqual({ code: 0, some: true });
    const executed = (await server.executions()).filter(
      // Not the question how far the schema is rolled out, to a table of a few rows.
      ({ sql }) => /limit \$/i.test(sql) && !sql.includes('pinnacle_migrations'),
    );
    const nodes = executed.flatMap((one) => one.nodes);
    expect(nodes).toContainEqual(expect.stringContaining(index));
    // A table without rows is read whichever way.
    const read = nodes.filter((node) => node !== 'Seq Scan corporate_action_effects');
    expect(read).not.toContainEqual(expect.stringContaining('Seq Scan'));
    expect({ pages: executed.reduce((sum, { buffers }) => sum + buffers, 0), nodes }).toEqual({
      nodes,
      pages: expect.toSatisfy((pages: number) => pages <= most),
    });
  });
});

import type { Look } from '../../../src/operations/overview/open-day.ts';

const AT = '2026-01-30T06:00:00.000000Z' as Look['overview']['at'];
const rupees = (amount: string) => amount as Look['overview']['totals']['net_pnl'];

/** A look at a day of so many traders, each with a working order; text from outside is `hostile` where it is given. */
export function madeLook(traders: number, hostile = ''): Look {
  const ids = [...Array(traders).keys()].map((n) => `trader_${String(n).padStart(4, '0')}${hostile}`);
  return {
    redis: undefined,
    lags: {
      outbox: { pending: 3, oldest: AT },
      unsealed: { count: 2, since: AT },
      replicas: [{ replica: `db2${hostile}`, state: 'ready', lag_seconds: 0 }],
      quotes: { symbols: 2, found: 1, oldest: AT, newest: AT },
    },
    overview: {
      at: AT,
      day: '2026-01-30',
      undelivered: hostile === '' ? { channels: [], dead: 0 } : { channels: [`desk${hostile}`], dead: 1 },
      totals: {
        traders,
        in_session: traders,
        halts: 1,
        violated: 1,
        unevaluated: 0,
        positions: traders,
        working: traders,
        realized_pnl: rupees('-1234567.80'),
        unrealized_pnl: rupees('10.00'),
        charges: rupees('-5.00'),
        net_pnl: rupees('-1234572.80'),
        unread: 1,
        critical: 1,
      },
      ages: {
        oldest_order: AT,
        oldest_mark: AT,
        stale_marks: 1,
        synced: { accounts: 1, last: AT, problems: 1 },
      },
      halts: [
        { user_id: ids[0] ?? null, reason: `news${hostile}`, halted_by: `ops${hostile}`, halted_at: AT },
      ],
      rules: [
        {
          user_id: ids[1] ?? 'nobody',
          rule_type: 'MAX_DRAWDOWN',
          rule_value: 5,
          current_value: 6,
          is_violated: true,
          violation_message: `MAX_DRAWDOWN: current=6 limit=5${hostile}`,
        },
      ],
      traders: ids.map((user_id, n) => ({
        user_id,
        realized_pnl: rupees('-10.00'),
        unrealized_pnl: rupees('2.50'),
        charges: rupees('0.00'),
        net_pnl: rupees('-10.00'),
        drawdown: n,
        drawdown_limit: 5,
        positions: 1,
        working: 1,
        in_session: true,
        halted: n === 0,
        violated: n === 1 ? 1 : 0,
      })),
      orders: ids.map((user_id, n) => ({
        order_id: `order_${n}${hostile}`,
        user_id,
        symbol: `TCS${hostile}`,
        side: 'BUY',
        order_type: 'LIMIT',
        quantity: 10,
        filled_quantity: 0,
        price: 4000.05,
        status: 'PLACED',
        strategy_id: `s1${hostile}`,
        created_at: AT,
      })),
      fills: [],
      notifications: [
        {
          notification_id: 'n1',
          user_id: null,
          alert_level: 'CRITICAL',
          title: `Feed lost${hostile}`,
          message: `no quote for 30 s${hostile}`,
          created_at: AT,
        },
      ],
      symbols: ['TCS'],
    },
  };
}

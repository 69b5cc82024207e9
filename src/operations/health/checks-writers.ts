import { pluralize } from '../../util/text.ts';
import { fail, ok, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

const WITHIN = '7 days';
const PERCENT = 1;

interface Found {
  count: string;
  example: string | null;
}

/** What other programs write beside this one. */
export const WRITER_CHECKS: readonly Check[] = [
  {
    name: 'halted-orders',
    phase: 4,
    async run({ query }) {
      // Nobody else asks whether trading is halted, unless the schema holds entries.
      const [found] = await query<Found>(
        `SELECT count(DISTINCT o.order_id) AS count, (array_agg(o.order_id ORDER BY o.created_at DESC))[1] AS example
         FROM trading_halts h JOIN orders o ON (h.user_id IS NULL OR h.user_id = o.user_id)
           AND o.created_at > h.halted_at AND o.created_at < coalesce(h.resumed_at, 'infinity')
         WHERE coalesce(h.resumed_at, 'infinity') > now() AT TIME ZONE 'UTC' - $1::interval
           AND o.status NOT IN ('REJECTED', 'CANCELLED')
           AND NOT EXISTS (SELECT FROM audit_log a WHERE a.txid::xid = o.xmin)
           AND NOT EXISTS (SELECT FROM audit_log a WHERE a.target = 'order ' || o.order_id)
           -- What can only reduce an open position may be placed.
           AND NOT EXISTS (
             SELECT FROM positions p WHERE p.user_id = o.user_id AND p.symbol = o.symbol AND p.status = 'OPEN'
               AND coalesce(p.strategy_id, '') = coalesce(o.strategy_id, '') AND (p.side = 'LONG') = (o.side = 'SELL')
               AND to_jsonb(p) ->> 'product' IS NOT DISTINCT FROM to_jsonb(o) ->> 'product'
               AND abs(p.quantity) >= o.quantity)`,
        WITHIN,
      );
      const { count = '0', example = null } = found ?? {};
      if (Number(count) === 0) return ok('no other program placed orders while trading was halted');
      return fail(
        `other programs placed ${pluralize(Number(count), 'order')} while trading was halted, the last: ${example}`,
        `pinnacle order cancel ${example}; to have the database refuse them: pinnacle schema shared --hold-entries on`,
      );
    },
    help: 'pinnacle schema shared --hold-entries on',
  },
  {
    name: 'limits',
    phase: 4,
    async run({ query }) {
      const [found] = await query<Found & { everyone: string }>(
        `SELECT count(*) FILTER (WHERE rule_type = 'MAX_DRAWDOWN' AND rule_value < $1) AS count,
           max(rule_id) FILTER (WHERE rule_type = 'MAX_DRAWDOWN' AND rule_value < $1) AS example,
           count(*) FILTER (WHERE user_id IS NULL) AS everyone
         FROM risk_rules`,
        PERCENT,
      );
      const fractions = Number(found?.count ?? 0);
      const everyone = Number(found?.everyone ?? 0);
      const parts = [
        ...(fractions > 0
          ? [
              `${fractions} limits of a drawdown are below 1 %, and may be meant as fractions: ${found?.example}`,
            ]
          : []),
        ...(everyone > 0 ? [`${everyone} rules are of no user, and hold for nobody here`] : []),
      ];
      return parts.length === 0 ? ok('every limit is of a user, and in percent') : warn(parts.join('; '));
    },
    help: 'pinnacle risk list',
  },
];

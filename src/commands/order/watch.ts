import { createHash } from 'node:crypto';
import type { SelectQueryBuilder } from 'kysely';
import { inColour } from '../../cli/colours.ts';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { order } from '../../projection/kinds/order.ts';
import { ORDER_COLUMNS } from '../../trading/ledger/order-store.ts';
import { followFlags } from '../_shared/follow-flags.ts';
import { orderFields } from './fields.ts';
import { orderFilter } from './filter.ts';

const BATCH_ROWS = 10_000;

export const watch = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: {
    user: orderFilter.user,
    side: orderFilter.side,
    symbol: orderFilter.symbol,
    strategy: orderFilter.strategy,
    ...followFlags,
  },
  fields: orderFields,
  live: {
    line: (text, paint, local) =>
      [
        paint.dim(local(text('updated_at'))),
        inColour(paint, text('status'), 'PARTIALLY_FILLED'.length),
        text('user_id'),
        `${paint.bold(inColour(paint, text('side')))} ${paint.bold(`${text('quantity')} ${text('symbol')}`)}`,
        `${text('filled_quantity')} at ${text('filled_price')}`,
        text('order_id'),
        text('error_message'),
      ]
        .join('  ')
        .trimEnd(),
  },
  examples: [
    'order watch --user trader_001',
    'order watch --symbol TCS --json order_id,status,filled_quantity',
  ],
  details: `Shows an order when it is placed and whenever it changes, until interrupted. Each order is shown as it is in the database
at that moment, so of changes in quick succession only the last may appear. A terminal shows one line per order; a pipe or
--json, one JSON object per line. Events that Redis loses, or cannot deliver, are found in the database within seconds.`,
  async run(input, ctx: Context) {
    const { follow } = await import('../../projection/follow.ts');
    const { user, side, symbol, strategy } = input;
    const db = await ctx.db();
    const wanted = <O>(query: SelectQueryBuilder<Database, 'orders', O>) => {
      let found = query;
      if (user) found = found.where('user_id', 'in', user);
      if (side) found = found.where('side', '=', side);
      if (symbol) found = found.where('symbol', 'in', symbol);
      if (strategy) found = found.where('strategy_id', 'in', strategy);
      return found;
    };
    return follow(
      ctx,
      {
        source: order.source,
        purpose: order.purpose,
        // Before phase 4 updated_at has no index, and this reads the whole table.
        pollMs: 30_000,
        async *changed(from) {
          for (let behind: [Instant, OrderId] | undefined; ; ) {
            const [at, id] = behind ?? [from];
            // Implied by the comparison of the pair, but in a form that the index can serve.
            const changed = wanted(db.selectFrom('orders')).where('updated_at', '>=', at);
            const rest = id
              ? changed.where((eb) => eb(eb.refTuple('updated_at', 'order_id'), '>', eb.tuple(at, id)))
              : changed;
            const page = await rest
              .select(['order_id', 'updated_at'])
              .orderBy('updated_at')
              .orderBy('order_id')
              .limit(BATCH_ROWS)
              .execute();
            yield page.map((row) => row.order_id);
            const last = page.at(-1);
            if (!last || page.length < BATCH_ROWS) return;
            behind = [last.updated_at, last.order_id];
          }
        },
        read: (ids) =>
          wanted(db.selectFrom('orders'))
            .select(ORDER_COLUMNS)
            .where('order_id', '=', (eb) => eb.fn<OrderId>('any', [eb.val(ids)]))
            .execute(),
        state: (row) => createHash('sha1').update(JSON.stringify(row)).digest('base64'),
      },
      input,
    );
  },
});

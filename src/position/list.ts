import { defineCommand } from '../cli/command.ts';
import { choice, identifier, optional, parsed, time, withDefault } from '../cli/flags.ts';
import { page, pageFlags } from '../cli/page.ts';
import type { Context } from '../context.ts';
import { POSITION_STATUSES } from '../db/schema.ts';
import { tradingSymbol } from '../order/symbol.ts';
import type { Filter } from './as-of.ts';
import { positionFields } from './columns.ts';
import { POSITION_COLUMNS } from './store.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 2,
  args: {},
  flags: {
    user: optional(identifier('USER', 'positions of this trader')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'positions in this symbol')),
    strategy: optional(identifier('STRATEGY', 'positions of this strategy')),
    status: withDefault(
      choice([...POSITION_STATUSES, 'any'], 'STATUS', 'open, closed or any positions'),
      'OPEN',
    ),
    asOf: optional(time('as the book stood then, rebuilt from the fills booked by that time')),
    ...pageFlags,
  },
  fields: positionFields,
  examples: [
    'position list --user trader_001',
    'position list --status CLOSED --json symbol,realized_pnl',
    'position list --user trader_001 --as-of 2026-01-30T15:30:00+05:30',
  ],
  async run(input, ctx: Context) {
    const { user, symbol, strategy, status } = input;
    const db = await ctx.db();
    if (input.asOf !== undefined) return listAsOf(await ctx.instant('--as-of', input.asOf), input, ctx);
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let positions = db.selectFrom('positions').select(POSITION_COLUMNS);
        if (user) positions = positions.where('user_id', '=', user);
        if (symbol) positions = positions.where('symbol', '=', symbol);
        if (strategy) positions = positions.where('strategy_id', '=', strategy);
        if (status !== 'any') positions = positions.where('status', '=', status);
        if (after)
          positions = positions.where((eb) =>
            eb(eb.refTuple('opened_at', 'position_id'), '<', eb.tuple(after[0] ?? '', after[1] ?? '')),
          );
        return positions.orderBy('opened_at', 'desc').orderBy('position_id', 'desc').limit(limit).execute();
      },
      (position) => [position.opened_at, position.position_id],
    );
  },
});

type Input = Filter & Parameters<typeof page>[0];

async function listAsOf(at: string, input: Input, ctx: Context) {
  const [{ checkMoment, positionsAsOf }, db] = await Promise.all([import('./as-of.ts'), ctx.db()]);
  await checkMoment(db, input.user, at, ctx.now());
  return page(
    input,
    ctx.io,
    (limit, after) => positionsAsOf(db, input, at, limit, after),
    (position) => [position.opened_at, position.position_id],
  );
}

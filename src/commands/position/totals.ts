import type { PageInput } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { Decimal, formatRupees, toPaisa } from '../../domain/money.ts';
import type { PositionTotals } from '../../trading/positions/weight.ts';
import { pluralize } from '../../util/text.ts';
import { isForPerson, sayAfterwards, totalText } from '../_shared/totals.ts';

interface Valued {
  quantity: number;
  current_price: number;
  unrealized_pnl: number;
  realized_pnl: number;
}

/**
 * The rows of a list, after which a person is told what they come to. Where they are not all, it is that of all that match, if
 * `ofAll` can tell at little cost, else what these come to.
 */
export async function withTotals<R extends Valued>(
  ctx: Context,
  rows: readonly R[] | AsyncIterable<R>,
  input: PageInput,
  ofAll: (() => Promise<PositionTotals>) | undefined,
): Promise<readonly R[] | AsyncIterable<R>> {
  if (!isForPerson(ctx)) return rows;
  if (Symbol.asyncIterator in rows) return counted(ctx, rows);
  const isPart = input.after !== undefined || ctx.io.afterwards.length > 0;
  const total = isPart && ofAll ? await ofAll() : sumUp(rows);
  if (rows.length > 1 || isPart) say(ctx, total, isPart && !ofAll ? 'these ' : '');
  return rows;
}

async function* counted<R extends Valued>(ctx: Context, rows: AsyncIterable<R>): AsyncGenerator<R> {
  let total = sumUp([]);
  for await (const row of rows) {
    total = added(total, row);
    yield row;
  }
  if (total.count > 1) say(ctx, total, '');
}

const sumUp = (rows: readonly Valued[]): PositionTotals =>
  rows.reduce(added, {
    count: 0,
    unrealized_pnl: toPaisa(0),
    realized_pnl: toPaisa(0),
    exposure: toPaisa(0),
  });

function added(total: PositionTotals, row: Valued): PositionTotals {
  const plus = (column: 'unrealized_pnl' | 'realized_pnl') =>
    toPaisa(new Decimal(total[column]).plus(toPaisa(row[column])));
  return {
    count: total.count + 1,
    unrealized_pnl: plus('unrealized_pnl'),
    realized_pnl: plus('realized_pnl'),
    exposure: toPaisa(new Decimal(row.current_price).times(row.quantity).abs().plus(total.exposure)),
  };
}

function say(
  ctx: Context,
  { count, unrealized_pnl, realized_pnl, exposure }: PositionTotals,
  which: string,
): void {
  const amounts = `unrealized ${totalText([unrealized_pnl])}, realized ${totalText([realized_pnl])}`;
  sayAfterwards(
    ctx,
    `Total of ${which}${pluralize(count, 'position')}: ${amounts}, exposure ${formatRupees(exposure)}`,
  );
}

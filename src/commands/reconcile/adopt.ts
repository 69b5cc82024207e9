import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, price, text } from '../../cli/flags.ts';
import type { Fields, RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { PRODUCTS } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { amountText, formatRupees } from '../../domain/money.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';

const fields = {
  user_id: { type: 'text' },
  order_id: { type: 'text' },
  broker_order_id: { type: 'text' },
  origin: { type: 'text' },
  strategy_id: { type: 'text' },
  symbol: { type: 'text' },
  product: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  quantity: { type: 'integer' },
  price: { type: 'number', kind: 'price' },
  status: { type: 'text', kind: 'state' },
  reason: { type: 'text' },
} as const satisfies Fields;

function doneOf({ user_id, order_id, side, quantity, symbol, price, status }: RowOf<typeof fields>): string {
  if (order_id === null) return `Nothing to adopt: ${symbol} of ${user_id} agrees with the broker`;
  if (!Number(quantity))
    return `Nothing was booked: ${symbol} of ${user_id} was adopted before as ${order_id}`;
  const at = price === null ? '' : ` at ${formatRupees(amountText(price))}`;
  return `Adopted ${order_id}: ${side} ${quantity} ${symbol}${at} for ${user_id} (${status})`;
}

export const adopt = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: { user: parsed(userId, 'USER', 'the trader') },
  flags: {
    order: optional(text('BROKER_ORDER_ID', 'an order that the broker has and nobody placed here', 50)),
    position: optional(parsed(tradingSymbol, 'SYMBOL', 'the position that the broker has in this symbol')),
    product: optional(choice(PRODUCTS, 'PRODUCT', 'the position of this product')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'the strategy that it belongs to')),
    price: optional(price('rupees per share, where the books give none')),
    reason: text('REASON', 'why; it is in the audit log'),
  },
  fields,
  answer: (row) => ({
    done: doneOf(row),
    next: row.order_id === null ? ['reconcile', 'positions', row.user_id] : ['order', 'show', row.order_id],
  }),
  examples: [
    'reconcile adopt trader_001 --order 260130000000123 --reason "placed in the app" --yes',
    'reconcile adopt trader_001 --position SBIN --product MIS --reason "squared off by the broker" --yes',
  ],
  details: `With --order an order of the broker is written here with its executions, of origin external. With --position one
execution is booked, of an order of origin adjust, that makes the position agree with the broker; its price makes the averages agree,
(theirs * average - ours * average) / (theirs - ours), unless --price says another. The same again on the same day books nothing. It is
refused while executions that are not booked explain the position, and ends 7 unless every book of the broker came.`,
  async run({ user, order, position, product, strategy, price: given, reason }, ctx: Context) {
    if ((order === undefined) === (position === undefined))
      throw usage('Give one of --order and --position.');
    if (order !== undefined && (product !== undefined || given !== undefined))
      throw usage('--product and --price belong to --position.');
    const { adoptOne } = await import('../../trading/broker/adopt-one.ts');
    return adoptOne(
      ctx,
      position === undefined
        ? { user, broker_order_id: order ?? '', strategy, reason }
        : { user, symbol: position, product, strategy, price: given, reason },
    );
  },
});

import type { Context } from '../../context.ts';
import { Decimal } from '../../domain/money.ts';
import { usage } from '../../util/failure.ts';

/** Throws a usage error unless the price of an order, in rupees per share, is a multiple of the tick of the exchange. */
export async function checkTick(price: number | undefined, ctx: Context): Promise<void> {
  const { tick } = (await ctx.config()).order;
  if (price === undefined || Number(tick) === 0 || new Decimal(price).mod(tick).eq(0)) return;
  throw usage(
    `The price of an order must be a multiple of ${tick} rupees, not ${price}.`,
    'The tick of the exchange is the setting order.tick.',
  );
}

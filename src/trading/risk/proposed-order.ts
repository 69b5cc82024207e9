import * as z from 'zod/mini';
import { ORDER_SIDES, ORDER_TYPES, PRODUCTS } from '../../domain/enums.ts';
import { strategyId, type UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { MAX_PRICE } from '../../domain/money.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { plainUpperCase } from '../../util/text.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';

const inCapitals = z.transform((value: unknown) =>
  typeof value === 'string' ? plainUpperCase(value) : value,
);
const WHOLE = { error: 'must be a whole number of shares, 1 or more' };
const RUPEES = { error: 'must be rupees a share, 0 or more' };

const proposal = z.strictObject(
  {
    symbol: tradingSymbol,
    side: z.pipe(inCapitals, z.enum(ORDER_SIDES, { error: `must be one of ${ORDER_SIDES.join(', ')}` })),
    quantity: z.int(WHOLE).check(z.gte(1, WHOLE), z.lte(2_147_483_647, WHOLE)),
    price: z.nullish(z.number(RUPEES).check(z.gte(0, RUPEES), z.lte(MAX_PRICE, RUPEES))),
    order_type: z.optional(
      z.pipe(inCapitals, z.enum(ORDER_TYPES, { error: `must be one of ${ORDER_TYPES.join(', ')}` })),
    ),
    product: z.nullish(
      z.pipe(inCapitals, z.enum(PRODUCTS, { error: `must be one of ${PRODUCTS.join(', ')}, or null` })),
    ),
    strategy_id: z.nullish(z.pipe(z.string({ error: 'must be the id of a strategy, or null' }), strategyId)),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `has no ${issue.keys.join(', ')}` : 'must be an object',
  },
);

/** The order that a JSON object describes, as this user would place it now; throws a usage error that names what is wrong. */
export function proposedOrder(
  given: Readonly<Record<string, unknown>>,
  userId: UserId,
  now: Instant,
): ProposedOrder {
  const result = proposal.safeParse(given);
  if (!result.success)
    throw usage(
      result.error.issues.map(({ path, message }) => `--order: ${[...path, message].join(' ')}.`).join('\n'),
      'For example: --order \'{"symbol":"TCS","side":"BUY","quantity":10,"price":4000}\'',
    );
  const { price, order_type, strategy_id, ...order } = result.data;
  return {
    ...order,
    user_id: userId,
    strategy_id: strategy_id ?? null,
    order_type: order_type ?? (price ? 'LIMIT' : 'MARKET'),
    price: price ?? 0,
    created_at: now,
  };
}

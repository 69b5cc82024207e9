import type { Context } from '../../context.ts';
import type { AdoptedOrder } from './adopt.ts';
import { adoptOrder, type OrderAdoption } from './adopt-order.ts';
import { adoptPosition, type PositionAdoption } from './adopt-position.ts';

/** Takes over an order of the broker, or the position that it has in a symbol. */
export const adoptOne = (ctx: Context, request: OrderAdoption | PositionAdoption): Promise<AdoptedOrder> =>
  'symbol' in request ? adoptPosition(ctx, request) : adoptOrder(ctx, request);

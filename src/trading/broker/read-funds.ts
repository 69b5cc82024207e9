import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { openBroker } from './open-broker.ts';
import { eachTrader, namedTraders, requireCredentials } from './traders.ts';

/** The funds of one trader at the broker, or of all who have a client code; of several, rows say which failed. */
export async function readFundsOf(ctx: Context, user: UserId | undefined) {
  await requireCredentials(ctx);
  return eachTrader(ctx, await namedTraders(ctx, user), async (each) => {
    const broker = await openBroker(ctx, each);
    return { ...(await broker.funds()), as_of: instant(ctx.now()) };
  });
}

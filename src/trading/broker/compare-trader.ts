import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { compareBooks, type Scope } from '../../domain/reconcile/compare-books.ts';
import type { ComparisonClock, Difference, OurBook, TheirBooks } from '../../domain/reconcile/difference.ts';
import { Failure } from '../../util/failure.ts';
import { openBroker } from './open-broker.ts';
import { readOurBook } from './our-book.ts';
import { readTheirBooks } from './their-books.ts';

/** The books that each comparison needs: executions explain positions. */
const NEEDED: Readonly<Record<Scope, readonly (keyof TheirBooks)[]>> = {
  orders: ['orders', 'trades'],
  positions: ['orders', 'trades', 'positions', 'holdings'],
  funds: ['funds'],
};

/** Both books of a trader. */
export interface BothBooks {
  ours: OurBook;
  theirs: TheirBooks;
}

/**
 * Reads the books of a trader at the broker, then ours: what happens between the two shows as something that the broker
 * does not have yet, and not as something to book. Throws what opening the broker refuses.
 */
export async function readBothBooks(
  ctx: Context,
  user: UserId,
  scope: Scope,
  clock: ComparisonClock,
): Promise<BothBooks> {
  const theirs = await readTheirBooks(ctx, await openBroker(ctx, user), NEEDED[scope]);
  return { theirs, ours: await readOurBook(await ctx.source(), user, theirs, clock) };
}

/** The differences of a trader. With `lenient` a broker that cannot be opened has answered nothing. */
export async function compareTrader(
  ctx: Context,
  user: UserId,
  { scope, clock, lenient }: { scope: Scope; clock: ComparisonClock; lenient: boolean },
): Promise<Difference[]> {
  try {
    const { ours, theirs } = await readBothBooks(ctx, user, scope, clock);
    await sayFilledElsewhere(ctx, user, ours);
    return compareBooks(ours, theirs, clock, [scope]);
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!lenient || !(error instanceof Failure) || error.kind === 'config') throw error;
    const failed = { failed: error.message };
    const theirs = Object.fromEntries(NEEDED[scope].map((name) => [name, failed])) as TheirBooks;
    return compareBooks(
      { orders: [], positions: [], capital: '0.00' as OurBook['capital'] },
      theirs,
      clock,
      [],
    );
  }
}

/** Names the command that takes over what other programs filled of orders, which have no execution here. */
async function sayFilledElsewhere(ctx: Context, user: UserId, { orders }: OurBook): Promise<void> {
  const [first, ...more] = orders.filter(
    ({ filled_quantity, fills }) => filled_quantity > 0 && fills.length === 0,
  );
  if (!first) return;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  await ctx.io.say(
    `Another program filled order ${first.order_id}${others}, and no execution here says so. Take it over: pinnacle ledger adopt ${user}`,
  );
}

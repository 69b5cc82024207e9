import type { Kysely } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { mintId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import {
  CORRECTIONS_SINCE_STEP,
  hasStep,
  needStep,
  OTHER_WRITERS_SINCE_STEP,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound, refused, usage } from '../../util/failure.ts';
import { type BookedExecution, readChain } from '../ledger/chain-store.ts';
import { keepInvariants } from '../ledger/keep-invariants.ts';
import { lockOrder, type Order } from '../ledger/order-store.ts';
import { rebuildChain } from '../ledger/rebuild-chain.ts';
import { tradingDayOf } from '../trading-day.ts';
import { cameWith, refill } from './refill.ts';

/** New values of an execution: shares, rupees per share, UTC; those left out stay. */
export interface Correction {
  quantity: number | undefined;
  price: number | undefined;
  executed_at: Instant | undefined;
  allowOverfill: boolean;
}

/** An execution that counts, and its order's terms. Throws FILL_NOT_FOUND, or FILL_BUSTED if it was taken back. */
export async function findFill(source: Source, fillId: string) {
  needStep(source, CORRECTIONS_SINCE_STEP);
  const { db } = source;
  if (hasStep(source, OTHER_WRITERS_SINCE_STEP)) await refuseAdopted(db, fillId);
  const fill = await db
    .selectFrom('order_fills as f')
    .innerJoin('orders as o', 'o.order_id', 'f.order_id')
    .select(['f.fill_id', 'f.order_id', 'f.quantity', 'f.price', 'f.executed_at'])
    .select(['o.user_id', 'o.symbol', 'o.side'])
    .where('f.fill_id', '=', fillId)
    .executeTakeFirst();
  return fill ?? (await gone(db, fillId));
}

/** What was taken over of an order is what another program says of it: no execution that was booked here. */
async function refuseAdopted(db: Kysely<Database>, fillId: string): Promise<void> {
  const taken = await db
    .selectFrom('order_fills')
    .select('adopted')
    .where('fill_id', '=', fillId)
    .where('position_id', 'is', null)
    .executeTakeFirst();
  if (taken)
    throw refused(
      'LEDGER_INCONSISTENT',
      `The fill ${fillId} was taken over from another program (${taken.adopted}), and moved nothing here that could be corrected.`,
      `Nothing changed. As long as nothing was booked on it: pinnacle ledger adopt --undo ${taken.adopted}`,
    );
}

async function gone(db: Kysely<Database>, fillId: string): Promise<never> {
  const bust = await db
    .selectFrom('fill_corrections')
    .select(['order_id', 'corrected_at', 'reason'])
    .where('fill_id', '=', fillId)
    .where('busted', '=', true)
    .executeTakeFirst();
  if (!bust) throw notFound('fill', fillId, 'See: pinnacle fill list');
  throw refused(
    'FILL_BUSTED',
    `The fill ${fillId} was taken back at ${bust.corrected_at}: ${bust.reason}.`,
    `See: pinnacle order show ${bust.order_id}`,
  );
}

/**
 * Takes an execution back: the book is afterwards as if it had never been booked. Throws FILL_NOT_FOUND, FILL_BUSTED and
 * LEDGER_INCONSISTENT.
 */
export function bustFill(ctx: Context, fillId: string, reason: string) {
  return amendBook(ctx, fillId, reason, (chain, fill) => chain.filter((each) => each !== fill));
}

/**
 * Gives an execution other values: the book is afterwards as if it had been booked with them, and with another time at its
 * place in time. Throws also OVERFILL, and a usage error for a time before its order.
 */
export function correctFill(ctx: Context, fillId: string, correction: Correction, reason: string) {
  return amendBook(ctx, fillId, reason, (chain, fill, order) => {
    const corrected = correctedFill(fill, correction, order);
    if (!corrected) return chain;
    checkQuantity(chain, fill, corrected, order, correction.allowOverfill);
    if (corrected.executed_at === fill.executed_at)
      return chain.map((each) => (each === fill ? corrected : each));
    const others = chain.filter((each) => each !== fill);
    const later = others.findIndex(({ executed_at }) => isBefore(corrected.executed_at, executed_at));
    return others.toSpliced(later === -1 ? others.length : later, 0, corrected);
  });
}

/** The execution with its new values; undefined if they are those that it has. */
function correctedFill(
  fill: BookedExecution,
  { quantity = fill.quantity, price = fill.price, executed_at = fill.executed_at }: Correction,
  order: Order,
): BookedExecution | undefined {
  if (quantity === fill.quantity && price === fill.price && executed_at === fill.executed_at)
    return undefined;
  // An order that came with its execution moves with it.
  if (executed_at !== fill.executed_at && !cameWith(order, fill) && isBefore(executed_at, order.created_at))
    throw usage(
      `Order ${order.order_id} was placed at ${order.created_at}; a fill at ${executed_at} cannot belong to it.`,
    );
  // History counts as booked when it was executed.
  const created_at = fill.created_at === fill.executed_at ? executed_at : fill.created_at;
  return { ...fill, quantity, price, executed_at, created_at };
}

function checkQuantity(
  chain: readonly BookedExecution[],
  fill: BookedExecution,
  corrected: BookedExecution,
  order: Order,
  allowOverfill: boolean,
): void {
  const isOver = chain.some(({ order_id, overfill }) => order_id === order.order_id && overfill);
  const filled = order.filled_quantity - fill.quantity + corrected.quantity;
  if (allowOverfill || isOver || cameWith(order, fill) || filled <= order.quantity) return;
  throw refused(
    'OVERFILL',
    `Order ${order.order_id} of ${order.quantity} would have ${filled} filled.`,
    'If the broker insists on it: --allow-overfill',
  );
}

type Revise = (
  chain: readonly BookedExecution[],
  fill: BookedExecution,
  order: Order,
) => readonly BookedExecution[];

async function amendBook(ctx: Context, fillId: string, reason: string, revise: Revise) {
  const day = await tradingDayOf(ctx);
  return ctx.change(async (trx) => {
    const { order_id, user_id } = await findFill(trx, fillId);
    const order = await lockOrder(trx, order_id);
    const chain = await readChain(trx, order);
    // Gone, if it was taken back before its order was locked.
    const fill = chain.find((each) => each.fill_id === fillId) ?? (await gone(trx.db, fillId));
    const revised = revise(chain, fill, order);
    if (revised === chain) return unchanged(resultOf(order, fill, '0.00', 0));
    return keepInvariants(trx, user_id, async () => {
      const { after, executions } = await refill(trx, order, fill, { chain, revised }, day.now);
      const rebuilt = await rebuildChain(
        trx,
        order,
        { before: chain, after: executions },
        Number(after.status === 'FILLED') - Number(order.status === 'FILLED'),
        day,
      );
      const corrected = executions.find((each) => each.fill_id === fillId);
      await recordCorrection(trx, { ...fill, order_id }, corrected === undefined, reason, day.now);
      const { credited, positions } = rebuilt;
      return changed(
        resultOf(after, corrected ?? fill, credited, positions.length),
        auditTarget('order', order_id),
        {
          reason,
          fill,
          corrected: corrected ?? null,
          before: stateOf(order),
          after: stateOf(after),
          credited,
          positions: firstListed(positions.map(({ position_id }) => position_id)),
        },
      );
    });
  });
}

const stateOf = ({ status, quantity, filled_quantity, filled_price }: Order) => ({
  status,
  quantity,
  filled_quantity,
  filled_price,
});

const resultOf = (order: Order, fill: BookedExecution, credited: string, positions: number) => ({
  fill_id: fill.fill_id,
  order_id: order.order_id,
  user_id: order.user_id,
  symbol: order.symbol,
  side: order.side,
  quantity: fill.quantity,
  price: fill.price,
  executed_at: fill.executed_at,
  status: order.status,
  filled_quantity: order.filled_quantity,
  filled_price: order.filled_price,
  credited,
  positions,
});

async function recordCorrection(
  trx: Trx,
  fill: BookedExecution & Pick<Order, 'order_id'>,
  busted: boolean,
  reason: string,
  at: Instant,
): Promise<void> {
  const { fill_id, order_id, broker_fill_id, quantity, price, executed_at, realized_pnl } = fill;
  await trx.db
    .insertInto('fill_corrections')
    .values({
      correction_id: mintId('cor', new Date(at)),
      ...{ fill_id, order_id, broker_fill_id, busted, quantity, price, executed_at, realized_pnl, reason },
    })
    .execute();
}

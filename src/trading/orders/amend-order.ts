import { changed, type Outcome, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { Product } from '../../domain/enums.ts';
import type { OrderId } from '../../domain/id.ts';
import { triggerProblem } from '../../domain/order-checks.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refused, usage } from '../../util/failure.ts';
import { checkExchange } from '../instruments/check-order.ts';
import { changeOrder, findOrder, lockOrder, type Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { checkTick } from './check-tick.ts';
import { type NamedTerms, readTerms, triggerOf, writeTerms } from './order-terms.ts';
import { preTradeInputs } from './pre-trade-inputs.ts';

/** Omitted terms do not change. */
export interface AmendRequest {
  order_id: OrderId;
  /** The total quantity, including what is filled. */
  quantity: number | undefined;
  /** Rupees per share. */
  price: number | undefined;
  /** This and what follows needs step 8 of phase 4; product and exchange also that the order is PENDING, and not filled. */
  product?: Product | undefined;
  exchange?: string | undefined;
  /** Rupees per share. */
  trigger_price?: number | undefined;
}

/**
 * Changes the terms of a working order; the same terms change nothing. An increase must pass the pre-trade check, and all
 * what the exchange takes, where order.checks says so. Throws ORDER_NOT_FOUND, ORDER_STATE, ALREADY_FILLED, PHASE_NEEDED, the
 * errors of the checks, and a usage error for a trigger that fits nothing.
 */
export async function amendOrder(ctx: Context, request: AmendRequest): Promise<Order & Partial<NamedTerms>> {
  const { check, isNamed } = await openAmendment(ctx, request);
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, request.order_id);
    const amendment = await check(trx, before);
    if (!amendment.differs) return unchanged({ ...before, ...(isNamed ? amendment.named.after : {}) });
    return writeAmendment(trx, before, amendment);
  });
}

/** An amendment that an order can take. */
export interface Amendment {
  terms: Terms & Pick<Order, 'updated_at'>;
  named: AmendedTerms;
  /** Whether it changes anything. */
  differs: boolean;
}

/**
 * Reads what an amendment is judged by; `check` judges it of the locked order. Throws what `amendOrder` throws, and writes
 * nothing.
 */
export async function openAmendment(ctx: Context, request: AmendRequest) {
  const { order_id, quantity, price } = request;
  const isNamed =
    request.product !== undefined || request.exchange !== undefined || request.trigger_price !== undefined;
  if (isNamed) needStep(await ctx.source(), BROKER_SINCE_STEP);
  await checkTick(price, ctx);
  await checkTick(request.trigger_price, ctx);
  const known = await findOrder(await ctx.db(), order_id);
  const { clock, quote, facts } = await preTradeInputs(ctx, { ...known, exchange: request.exchange });
  const wanted = { ...known, quantity: quantity ?? known.quantity, price: price ?? known.price };
  // The broker is given all terms anew, also those that stay.
  const trigger_price = request.trigger_price ?? (await triggerOf(ctx, known));
  await checkExchange(ctx, facts, { ...wanted, trigger_price }, clock.now);
  const check = async (trx: Trx, before: Order): Promise<Amendment> => {
    const terms = {
      quantity: quantity ?? before.quantity,
      price: price ?? before.price,
      product: request.product ?? before.product,
    };
    const named = await amendedTerms(trx, before, request, isNamed);
    const amendment = { terms: { ...terms, updated_at: clock.now }, named };
    if (isSame(before, terms) && !named.differ) return { ...amendment, differs: false };
    // An order may be amended in the same states in which it may be cancelled: while it is working.
    assertTransition(before, 'CANCELLED', 'an amendment');
    refuseFilled(before, terms.quantity);
    const problem = triggerProblem({ ...before, ...terms, ...named.after });
    if (problem !== undefined) throw usage(problem);
    const rest = terms.quantity - before.filled_quantity;
    if (!isLess(before, terms))
      await checkPreTrade(trx, { ...before, ...terms, quantity: rest }, clock, {
        quote,
        replacing: order_id,
      });
    return { ...amendment, differs: true };
  };
  return { check, isNamed, order: known };
}

type Terms = Pick<Order, 'quantity' | 'price' | 'product'>;

const isSame = (before: Terms, { quantity, price, product }: Terms) =>
  quantity === before.quantity && price === before.price && product === before.product;

/** Whether an amendment asks for no more of the position that the order belongs to. */
const isLess = (before: Terms, { quantity, price, product }: Terms) =>
  quantity <= before.quantity && price <= before.price && product === before.product;

/** Writes an amendment of a locked order. */
export async function writeAmendment(
  trx: Trx,
  before: Order,
  { terms: { product, ...others }, named }: Amendment,
): Promise<Outcome<Order & Partial<NamedTerms>>> {
  // A schema without products has no such column.
  const written = product === before.product ? others : { ...others, product };
  const outcome = await changeOrder(trx, before, written);
  if (!named.differ || outcome.audit === null) return outcome;
  await writeTerms(trx, before.order_id, named.after);
  const body = outcome.audit.body as { before: object; after: object };
  return changed({ ...outcome.result, ...named.after }, outcome.audit.target, {
    before: { ...body.before, ...named.before },
    after: { ...body.after, ...named.after },
  });
}

interface AmendedTerms {
  before: NamedTerms;
  after: NamedTerms;
  differ: boolean;
}

function refuseFilled({ order_id, filled_quantity }: Order, quantity: number): void {
  if (quantity > filled_quantity) return;
  throw refused(
    'ALREADY_FILLED',
    `Order ${order_id} already has ${filled_quantity} filled; its quantity cannot be reduced to ${quantity}.`,
    `To give up the rest: pinnacle order cancel ${order_id}`,
  );
}

/** The terms of an order before and after; throws ORDER_STATE for a product or exchange of one that may be at the broker. */
async function amendedTerms(
  trx: Trx,
  order: Order,
  { product, exchange, trigger_price }: AmendRequest,
  isNamed: boolean,
): Promise<AmendedTerms> {
  const before =
    isNamed || order.order_type === 'STOP_LOSS'
      ? await readTerms(trx, order.order_id)
      : { exchange: null, trigger_price: null };
  const after = {
    exchange: exchange ?? before.exchange,
    trigger_price: trigger_price ?? before.trigger_price,
  };
  const moves = (product ?? order.product) !== order.product || after.exchange !== before.exchange;
  if (moves && (order.status !== 'PENDING' || order.filled_quantity > 0))
    throw refused(
      'ORDER_STATE',
      `Order ${order.order_id} is ${order.status}: product and exchange can change only before it is sent.`,
      `To place another, first run: pinnacle order cancel ${order.order_id}`,
    );
  const differ = after.exchange !== before.exchange || after.trigger_price !== before.trigger_price;
  return { before, after, differ };
}

import { type Fields, Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Asked } from '../../trading/broker/call-broker.ts';
import type { AmendRequest } from '../../trading/orders/amend-order.ts';
import { usage } from '../../util/failure.ts';
import { orderFields, orderWithTerms } from './fields.ts';

/** An order, and what the broker made of it. */
export const askedFields = {
  ...orderFields,
  outcome: { type: 'text' },
  detail: { type: 'text' },
} as const satisfies Fields;

/** The same where the broker is asked only with --send. */
export const sendableFields = {
  ...orderWithTerms,
  outcome: { type: 'text', onlyWithFlag: 'send', optional: true },
  detail: { type: 'text', onlyWithFlag: 'send', optional: true },
} as const satisfies Fields;

/**
 * Whether the broker is asked: with --send, but for a dry run. Throws a usage error for an idempotency key, which would
 * repeat the first result while the order goes on.
 */
export function asksBroker(ctx: Context, send: boolean): boolean {
  if (send && ctx.globals.idempotencyKey !== undefined)
    throw usage(
      '--send takes no --idempotency-key: an order is sent once anyhow.',
      'Place it with the key, then hand it over: pinnacle order send --all',
    );
  return send && !ctx.dryRun;
}

/** Rows of what was asked: a finding where the broker refused something, did not answer, or nobody knows. */
function askedRows(asked: readonly Asked[]) {
  const rows = asked.map(({ order, outcome, detail }) => ({ ...order, outcome, detail }));
  const has = (...outcomes: readonly Asked['outcome'][]) =>
    asked.some(({ outcome }) => outcomes.includes(outcome));
  if (has('unknown')) return new Finding(rows, 'unknown');
  if (has('unsent')) return new Finding(rows, 'unreachable');
  return has('refused', 'skipped') ? new Finding(rows) : rows;
}

/** Hands orders to the broker. */
export async function sendToBroker(ctx: Context, orders: readonly OrderId[]) {
  const { sendOrders } = await import('../../trading/broker/send-orders.ts');
  return askedRows(await sendOrders(ctx, orders));
}

/** Asks the broker to cancel orders. */
export async function cancelAtBroker(ctx: Context, orders: readonly OrderId[]) {
  const { requestCancels } = await import('../../trading/broker/request-cancels.ts');
  return askedRows(await requestCancels(ctx, orders));
}

/** Asks the broker to change the terms of an order. */
export async function amendAtBroker(ctx: Context, request: AmendRequest) {
  const { requestAmendment } = await import('../../trading/broker/request-amendment.ts');
  return askedRows([await requestAmendment(ctx, request)]);
}

import { writeFurtherOrders } from '../../audit/further-orders.ts';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { movesPositions } from '../../domain/corporate-actions/action.ts';
import type { Instant } from '../../domain/instant.ts';
import { formatRupees, type Rupees, sumOfMoney } from '../../domain/money.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { refused } from '../../util/failure.ts';
import { pluralize, shellWord } from '../../util/text.ts';
import { configuredKind } from '../broker/halt-and-cancel.ts';
import { isAtBroker } from '../ledger/at-broker.ts';
import { readAliases } from '../symbols/aliases.ts';
import { putAlias } from '../symbols/set-alias.ts';
import { tradingDayOf } from '../trading-day.ts';
import { bookStep, lockUsers, type PaidFraction, readPlan, readUnpaid } from './book-step.ts';
import { cancelOld, countOld } from './old-orders.ts';
import type { PlannedPosition } from './plan-step.ts';
import { findStep, nameOf, namesOf, type Step } from './step.ts';
import { changeActions, lockActions } from './store.ts';

/** What an action did, or would do, altogether. */
export interface Applied {
  action_id: string;
  type: string;
  symbol: string;
  ex_date: string;
  status: string;
  /** How many positions it was booked of now, and of how many users. */
  positions: number;
  users: number;
  orders_cancelled: number;
  /** Rupees booked as flows, those that are owed below 0. */
  cash: Rupees;
  /** Positions that a person has to look at. */
  left: number;
}

/**
 * Applies an action, with those of its step, to every position that held the share when its ex-date began and that has it not yet,
 * after a confirmation: one transaction. Returns a Finding where positions are left to a person. Throws ACTION_NOT_YET,
 * ACTION_OUT_OF_ORDER, ACTION_REVERSED, ACTION_CONFLICT, ORDER_STATE, and LEDGER_INCONSISTENT.
 */
export async function applyAction(ctx: Context, id: string, cashPrice: string | undefined) {
  const step = withPrice(await findStep(await ctx.source(), id), cashPrice);
  requireBegun(step);
  const kind = await configuredKind(ctx);
  const day = await tradingDayOf(ctx);
  await ctx.confirm(await questionOf(ctx, step));
  let left: PlannedPosition[] = [];
  const result = await ctx.change(async (trx) => {
    await lockActions(trx, await namesOf(trx, step.lead.symbol, step.lead.new_symbol));
    const current = withPrice(await findStep(trx, id), cashPrice);
    await lockUsers(trx, current);
    const at = await serverNow(trx.db);
    const cancelled = movesPositions(current.lead)
      ? await cancelOld(trx, current, isAtBroker(kind, trx), at)
      : [];
    const { planned, paid, opened } = await bookStep(trx, current, ctx.now(), day);
    const row = appliedOf(current, planned, paid, cancelled.length);
    left = planned.filter((each) => each.left !== '');
    const rows = left.length > 0 ? new Finding([row]) : [row];
    const drafts = current.actions.filter(({ status }) => status === 'DRAFT');
    const isPriced = current.actions.some(({ cash_price }) => cash_price !== current.cash_price);
    if (drafts.length === 0 && !isPriced && row.positions + cancelled.length + opened === 0)
      return unchanged(rows);
    const { action_id, symbol } = current.lead;
    const actions = current.actions.map((each) => each.action_id);
    const isNew = drafts.length > 0;
    // By the same time the alias is known as that of the action.
    const named = current.lead.type === 'rename' && isNew ? await rename(trx, current.lead) : undefined;
    await changeActions(trx, actions, {
      ...{ status: 'APPLIED', applied_with: action_id, cash_price: current.cash_price },
      ...(isNew && { applied_at: named ?? at }),
    });
    await writeFurtherOrders(
      trx.db,
      ctx.origin,
      { target: auditTarget('symbol', symbol), body: { action_id } },
      cancelled,
    );
    return changed(rows, auditTarget('symbol', symbol), {
      ...{ action_id, actions, positions: row.positions, cash: row.cash, cash_price: current.cash_price },
      ...{ orders_cancelled: cancelled.length, order_ids: firstListed(cancelled) },
      effects: firstListed(planned.flatMap(({ effects }) => effects)),
      fractions: firstListed(paid),
    });
  });
  for (const { before, left: why } of left)
    await ctx.io.warn(`${before.position_id} of ${before.user_id} is left as it is: ${why}.`);
  if (step.lead.type === 'rename')
    await ctx.io.say(
      `What is booked under ${step.lead.symbol} moves by: pinnacle position merge-symbol ${shellWord(step.lead.symbol)} --all`,
    );
  return result;
}

/** What applying an action would make of each position, and says which orders it would cancel; nothing is written. */
export async function planAction(ctx: Context, id: string, cashPrice: string | undefined) {
  const source = await ctx.source();
  const step = withPrice(await findStep(source, id), cashPrice);
  const planned = step.lead.type === 'rename' ? [] : await readPlan(source, step);
  const old = movesPositions(step.lead) ? await countOld(source, step) : 0;
  const paid = await readUnpaid(source, step);
  if (paid.length > 0)
    await ctx.io.say(
      `Pays ${formatRupees(sumOfMoney(paid.map(({ cash }) => cash)))} for fractions of ${pluralize(paid.length, 'position')} that were cut before.`,
    );
  if (old > 0) await ctx.io.say(`Cancels ${pluralize(old, 'working order')} of before the ex-date.`);
  if (step.actions.length > 1)
    await ctx.io.say(`One step: the ${step.actions.map(nameOf).join(' and the ')}.`);
  return planned.map(({ before, after, other, ...each }) => ({
    user_id: before.user_id,
    strategy_id: before.strategy_id,
    product: before.product,
    position_id: before.position_id,
    symbol: before.symbol,
    side: before.side,
    quantity: Math.abs(before.held),
    quantity_after: after === before ? Math.abs(before.held) : after.quantity,
    average_price: before.average_price,
    average_after: after.average_price,
    other_symbol: other?.after.symbol ?? null,
    other_quantity: other?.after.quantity ?? null,
    other_average: other?.after.average_price ?? null,
    fraction: each.fraction ? `${each.fraction.numerator}/${each.fraction.denominator}` : null,
    entitled: each.entitled,
    cash: each.cash,
    tds: each.tds,
    left: each.left,
  }));
}

/** The same step with a price that is known by now. Throws ACTION_CONFLICT where another one is on record. */
function withPrice(step: Step, cashPrice: string | undefined): Step {
  if (cashPrice === undefined || step.cash_price === cashPrice) return step;
  if (step.cash_price === null) return { ...step, cash_price: cashPrice };
  throw refused(
    'ACTION_CONFLICT',
    `Fractions of the ${nameOf(step.lead)} are paid at ${step.cash_price} a share.`,
    `To correct it, reverse the action and add it anew: pinnacle corporate-action reverse ${step.lead.action_id} --reason "to be corrected"`,
  );
}

function requireBegun({ lead }: Step): void {
  if (lead.in_force) return;
  throw refused(
    'ACTION_NOT_YET',
    `The ${nameOf(lead)} is still to come.`,
    `See what it would do: pinnacle corporate-action plan ${lead.action_id}`,
  );
}

async function questionOf(ctx: Context, step: Step): Promise<string> {
  const source = await ctx.source();
  const planned = step.lead.type === 'rename' ? [] : await readPlan(source, step);
  const { positions, users, cash } = appliedOf(step, planned, await readUnpaid(source, step), 0);
  const old = movesPositions(step.lead) ? await countOld(source, step) : 0;
  const orders = old > 0 ? ` It cancels ${pluralize(old, 'working order')} of before the ex-date.` : '';
  const paid = Number(cash) === 0 ? '' : `, ${formatRupees(cash)} in cash`;
  return `This applies the ${step.actions.map(nameOf).join(' and the ')}: ${pluralize(positions, 'position')} of ${pluralize(users, 'user')}${paid}.${orders}`;
}

function appliedOf(
  step: Step,
  planned: readonly PlannedPosition[],
  paid: readonly PaidFraction[],
  cancelled: number,
): Applied {
  const { action_id, type, symbol, ex_date } = step.lead;
  const booked = planned.filter(({ effects }) => effects.length > 0);
  const users = [...booked.map(({ before }) => before.user_id), ...paid.map(({ user_id }) => user_id)];
  return {
    ...{ action_id, type, symbol, ex_date, status: 'APPLIED' },
    positions: booked.length + paid.length,
    users: new Set(users).size,
    orders_cancelled: cancelled,
    cash: sumOfMoney([...booked, ...paid].flatMap(({ cash }) => cash ?? [])),
    left: planned.length - booked.length,
  };
}

/** Makes the alias of a renaming and returns when; one that is there already stays as it is, and is not of the action. */
async function rename(trx: Trx, { symbol, new_symbol, ex_date }: Step['lead']): Promise<Instant | undefined> {
  if (new_symbol === null) return undefined;
  const isThere = (await readAliases(trx)).some(
    (alias) => alias.old_symbol === symbol && alias.new_symbol === new_symbol,
  );
  if (isThere) return undefined;
  await putAlias(trx, { old_symbol: symbol, new_symbol }, ex_date);
  const made = trx.db.selectFrom('symbol_aliases').where('old_symbol', '=', symbol).select('created_at');
  return (await made.executeTakeFirst())?.created_at;
}

import { dividendOn } from '../../domain/corporate-actions/outcome.ts';
import type { UserId } from '../../domain/id.ts';
import { addMoney, Decimal, NO_RUPEES, negated, type Rupees } from '../../domain/money.ts';
import type { Deducted } from './effect-store.ts';
import type { Holder } from './holders.ts';
import { effectOn, flowOf, leftAs, type PlannedPosition, unchanged } from './plan-step.ts';
import type { Step } from './step.ts';

/** Tax is deducted by what a user is paid altogether; what was paid before without it is made up for with the first position. */
export function planDividends(
  step: Step,
  holders: readonly Holder[],
  deducted: ReadonlyMap<UserId, Deducted>,
): PlannedPosition[] {
  const { amount, tds_percent, tds_above } = step.lead;
  const perShare = amount ?? '0';
  const deduction = tds_percent === null ? null : { percent: tds_percent, above: tds_above ?? '0' };
  const shares = new Map([...deducted].map(([user, before]) => [user, before.shares]));
  for (const { user_id, held } of holders)
    if (held > 0) shares.set(user_id, held + (shares.get(user_id) ?? 0));
  const untaxed = new Map([...deducted].filter(([, { tds }]) => tds === NO_RUPEES));
  return holders.map((holder) => {
    const { user_id, held } = holder;
    const total = new Decimal(perShare).times(shares.get(user_id) ?? 0).toFixed();
    const before = held > 0 ? (untaxed.get(user_id)?.shares ?? 0) : 0;
    if (held > 0) untaxed.delete(user_id);
    const paid = dividendOn(held, perShare, deduction, total);
    const missed = dividendOn(before, perShare, deduction, total).tds;
    return planDividend(step, holder, addMoney(paid.tds, missed), addMoney(paid.net, negated(missed)));
  });
}

function planDividend(step: Step, holder: Holder, tds: Rupees, net: Rupees): PlannedPosition {
  if (Math.abs(Number(net)) > MAX_CASH)
    return leftAs(holder, `a dividend of ${net} is more than a movement of money holds`);
  const effect = effectOn(step, holder, holder.held, { cash: net, tds });
  const less = tds === NO_RUPEES ? '' : `, less ${tds} of tax`;
  const { amount } = step.lead;
  return {
    ...unchanged(holder),
    effects: [effect],
    flow: flowOf(step, effect, `dividend of ${amount} a share on ${holder.held} ${holder.symbol}${less}`),
    cash: net,
    tds,
  };
}

/** Rupees of one movement: more would be beyond the capital of a user. */
const MAX_CASH = 1e12;

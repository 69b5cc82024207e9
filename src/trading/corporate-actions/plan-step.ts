import { type ActionEffect, applyEffect } from '../../domain/action-effect.ts';
import { factorOf, isFactor } from '../../domain/corporate-actions/action.ts';
import { type ActionOutcome, demerged, merged, scaled } from '../../domain/corporate-actions/outcome.ts';
import { type Ratio, ratioOf, requireHoldable, scale } from '../../domain/corporate-actions/ratio.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { signedShares } from '../../domain/net-positions.ts';
import type { NewFlow } from '../ledger/book-flows.ts';
import type { PositionRow } from '../ledger/chain-store.ts';
import { accountOf, type Holder } from './holders.ts';
import { nameOf, type Step } from './step.ts';

/** What a step books of a position: a row of `corporate_action_effects`. */
export interface NewEffect {
  /** Its place in the order of booking; left out: behind all that is booked. */
  seq?: number;
  action_id: string;
  user_id: UserId;
  position_id: Holder['position_id'];
  effective_at: Holder['opened_at'];
  /** Signed shares that it counts. */
  shares_before: number;
  shares: number;
  cost: Rupees;
  price: number;
  numerator: number | null;
  denominator: number | null;
  /** What was cut, as so many parts of `denominator`. */
  fraction: number | null;
  entitled: number | null;
  cash: Rupees | null;
  tds: Rupees;
  opened: boolean;
  average_before: number;
  price_before: number;
  unrealized_before: number;
  marked_before: PositionRow['marked_at'];
}

/** What becomes of a position. */
export interface PlannedPosition {
  before: Holder;
  after: PositionRow;
  /** Shares in the other symbol: the row before, which may not be there, and after. */
  other: { before: PositionRow | null; after: PositionRow } | null;
  effects: readonly NewEffect[];
  flow: NewFlow | null;
  fraction: Ratio | null;
  entitled: number | null;
  cash: Rupees | null;
  tds: Rupees;
  /** Why a person has to look at it; '' if nobody has to. */
  left: string;
  /** Whether it is left of what is closed by now, so that nobody has to. */
  settled: boolean;
}

/** What a step that is no dividend makes of each holder; `others` are their positions in the other symbol, by `accountOf`. */
export function planStep(
  step: Step,
  holders: readonly Holder[],
  others: ReadonlyMap<string, PositionRow>,
): PlannedPosition[] {
  if (step.lead.type === 'rights')
    return holders.map((holder) => orLeft(holder, () => planRights(step, holder)));
  return holders.map((holder) => planMove(step, holder, others.get(accountOf(holder)) ?? null));
}

/** One of which nothing becomes. */
export const unchanged = (before: Holder): PlannedPosition => ({
  before,
  after: before,
  other: null,
  effects: [],
  flow: null,
  fraction: null,
  entitled: null,
  cash: null,
  tds: NO_RUPEES,
  left: '',
  settled: false,
});

/** One that is left to a person. */
export const leftAs = (before: Holder, left: string): PlannedPosition => ({ ...unchanged(before), left });

/** One that would be beyond what a position holds is left to a person. */
function orLeft(holder: Holder, plan: () => PlannedPosition): PlannedPosition {
  try {
    return plan();
  } catch (error) {
    if (error instanceof RangeError) return leftAs(holder, error.message);
    throw error;
  }
}

/** The effect on a position that counts so many signed shares. */
export const effectOn = (
  { lead, effective_at }: Step,
  row: PositionRow,
  shares_before: number,
  effect: Partial<NewEffect>,
): NewEffect => ({
  action_id: lead.action_id,
  user_id: row.user_id,
  position_id: row.position_id,
  effective_at,
  shares_before,
  shares: 0,
  cost: NO_RUPEES,
  price: row.current_price,
  numerator: null,
  denominator: null,
  fraction: null,
  entitled: null,
  cash: null,
  tds: NO_RUPEES,
  opened: false,
  average_before: row.average_price,
  price_before: row.current_price,
  unrealized_before: row.unrealized_pnl,
  marked_before: row.marked_at,
  ...effect,
});

/** Rights are subscribed or not by their holder: the shares come as an execution at the issue price. */
function planRights(step: Step, holder: Holder): PlannedPosition {
  const ratio = step.lead.ratio as Ratio;
  if (holder.held < 0)
    return {
      ...leftAs(holder, 'short: what is owed is agreed with the lender'),
      settled: holder.status === 'CLOSED',
    };
  const { whole, fraction } = scale(holder.held, ratio);
  const terms = { entitled: whole, ...pairOf(ratio), fraction: fraction?.numerator ?? 0 };
  return {
    ...unchanged(holder),
    effects: [effectOn(step, holder, holder.held, terms)],
    fraction,
    entitled: whole,
  };
}

const pairOf = ({ numerator, denominator }: Ratio) => ({ numerator, denominator });

/** The same of one position that the action moves, as it stood when the ex-date began. */
export const planMove = (step: Step, holder: Holder, other: PositionRow | null): PlannedPosition =>
  orLeft(holder, () => moved(step, holder, other));

function moved(step: Step, holder: Holder, other: PositionRow | null): PlannedPosition {
  const { outcome, ratio } = outcomeOf(step, holder);
  if (!outcome)
    return leftAs(holder, `${ratioOf(ratio)} leaves not one whole share: close it at what is paid for it`);
  if (outcome.other && other && isOpposed(outcome.other, other))
    return leftAs(holder, `${other.position_id} in ${other.symbol} is ${other.side}`);
  const acted = outcome.own ? rowAfter(step, holder, outcome.own) : holder;
  const isQuoted = holder.marked_since && acted.status === 'OPEN';
  const after = isQuoted ? { ...acted, marked_at: holder.marked_at } : acted;
  const into = outcome.other ? otherAfter(step, holder, other, outcome.other) : null;
  if (into) requireHoldable(into.after.quantity);
  const own = effectOn(step, holder, holder.held, {
    ...outcome.own,
    ...pairOf(ratio),
    fraction: outcome.fraction ? partsOf(outcome.fraction, ratio) : 0,
    cash: outcome.cash,
  });
  const added =
    into && outcome.other
      ? [
          effectOn(step, into.before ?? into.after, into.before ? signedShares(into.before) : 0, {
            ...outcome.other,
            price: into.after.current_price,
            opened: into.before === null,
          }),
        ]
      : [];
  return {
    ...unchanged(holder),
    after,
    other: into,
    effects: [own, ...added],
    flow: flowOf(step, own, `${nameOf(step.lead)}: cash for a fraction of ${holder.symbol}`),
    fraction: outcome.fraction,
    cash: outcome.cash,
  };
}

/** A fraction in parts of the denominator of the whole ratio. */
const partsOf = (fraction: Ratio, { denominator }: Ratio): number =>
  fraction.numerator * (denominator / fraction.denominator);

function outcomeOf(step: Step, holder: Holder): { outcome: ActionOutcome | undefined; ratio: Ratio } {
  const { lead, actions, cash_price } = step;
  if (isFactor(lead)) {
    const factor = factorOf(actions);
    return { outcome: scaled(holder, factor, cash_price), ratio: factor };
  }
  const ratio = lead.ratio as Ratio;
  if (lead.type === 'merger') return { outcome: merged(holder, ratio, cash_price), ratio };
  const costPercent = lead.cost_percent ?? '0';
  return { outcome: demerged(holder, ratio, { costPercent, cashPrice: cash_price }), ratio };
}

const isOpposed = ({ shares }: ActionEffect, row: PositionRow): boolean =>
  shares > 0 !== signedShares(row) > 0;

/** A row after an effect. A price that was shared out or divided is of no quote. */
function rowAfter({ effective_at }: Step, row: PositionRow, effect: ActionEffect): PositionRow {
  const position = applyEffect(row, effect);
  return {
    ...row,
    ...position,
    marked_at: null,
    closed_at: position.status === 'CLOSED' ? effective_at : null,
  };
}

function otherAfter(
  step: Step,
  holder: Holder,
  before: PositionRow | null,
  effect: ActionEffect,
): NonNullable<PlannedPosition['other']> {
  // A price that is known of the other symbol counts for more than one that is computed.
  if (before) {
    const after = rowAfter(step, before, { ...effect, price: before.current_price });
    return { before, after: { ...after, marked_at: before.marked_at } };
  }
  const { user_id, strategy_id, product, opened_at } = holder;
  return {
    before: null,
    after: {
      ...applyEffect(null, effect),
      ...{ user_id, strategy_id, product, opened_at },
      position_id: mintId('pos', new Date(step.effective_at)),
      symbol: step.lead.new_symbol as Holder['symbol'],
      order_id: null,
      closed_at: null,
      updated_at: step.effective_at,
      marked_at: null,
    },
  };
}

/** The cash of an effect, under a reference of its own so that it is booked once; null where there is none. */
export function flowOf(
  { lead }: Step,
  { user_id, position_id, cash }: Pick<NewEffect, 'user_id' | 'position_id' | 'cash'>,
  reason: string,
): NewFlow | null {
  if (cash === null || cash === NO_RUPEES) return null;
  return {
    user_id,
    kind: 'dividend',
    amount: cash,
    // Not the ex-date: days that ended are taken down in snapshots.
    day: lead.today,
    reference: referenceOf(lead.action_id, position_id),
    reason,
  };
}

/** By which the flow of an effect is known. */
const referenceOf = (actionId: string, positionId: string): string => `${actionId}/${positionId}`;

import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import { NO_RUPEES } from '../../domain/money.ts';
import { type RebuiltPosition, rebuildPositions } from '../../domain/rebuild-positions.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { type BookedExecution, type PositionRow, readChain } from '../ledger/chain-store.ts';
import { rebook } from '../ledger/rebuild-chain.ts';
import { requireRebuildable } from '../ledger/rebuildable.ts';
import type { TradingDay } from '../trading-day.ts';
import type { Holder } from './holders.ts';
import { leftAs, type NewEffect, type PlannedPosition, planMove } from './plan-step.ts';
import type { Step } from './step.ts';

/** A position that was traded since the ex-date, or whose account was in the other symbol, with both chains. */
export interface Late {
  planned: PlannedPosition;
  own: Parted | null;
  other: Parted | null;
}

/**
 * What a step makes of a position as it stood when the ex-date began. One whose executions cannot be booked anew is left to a person;
 * so is, as long as anything of the account is open, one of which the action makes nothing.
 */
export async function planLate(source: Source, step: Step, holder: Holder): Promise<Late> {
  try {
    const own = await partChain(source, holder, step);
    const symbol = step.lead.new_symbol;
    const other = symbol === null ? null : await partChain(source, { ...holder, symbol }, step);
    const stood = own.stood ? { ...holder, ...own.stood, marked_at: null, marked_since: false } : holder;
    const planned = planMove(step, stood, other?.stood ? standing(holder, other, other.stood) : null);
    if (planned.left !== '') return leftLate({ ...planned, settled: !own.isOpen && other?.isOpen !== true });
    const late = { planned, own, other };
    for (const { chain, effect, opened_at } of movesOf(late)) {
      const becomes = becoming(chain, itemOf(effect, opened_at, effect.effective_at));
      await requireRebuildable(source, chain.key, chain.all, becomes);
    }
    return late;
  } catch (error) {
    return leftLate(leftAs(holder, problemOf(error)));
  }
}

const leftLate = (planned: PlannedPosition): Late => ({ planned, own: null, other: null });

/** Why a chain cannot be booked anew; throws what is no such reason. */
function problemOf(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  const isKnown =
    error instanceof Failure && (error.code === 'LEDGER_INCONSISTENT' || error.code === 'FILL_BEFORE_ACTION');
  if (!isKnown) throw error;
  const hint = error.details.hint?.replace(/^Nothing changed\. /, '') ?? '';
  return `${error.message} ${hint}`.trim();
}

/** The chains that effects of a planned position move, which are booked anew. */
function movesOf({ planned, own, other }: Late) {
  const { opened_at } = planned.before;
  return planned.effects.flatMap((effect, i) => {
    const chain = i === 0 ? own : other;
    const isMoved = effect.shares !== 0 || effect.cost !== NO_RUPEES;
    return chain && isMoved ? [{ chain, effect, opened_at }] : [];
  });
}

const standing = (holder: Holder, { key }: Parted, stood: RebuiltPosition): PositionRow => ({
  ...holder,
  ...stood,
  symbol: key.symbol,
  marked_at: null,
});

/** Books it; returns the effects at their places in the order of booking. */
export async function bookLate(trx: Trx, late: Late, day: TradingDay): Promise<NewEffect[]> {
  const places = new Map<NewEffect, number>();
  for (const { chain, effect, opened_at } of movesOf(late))
    places.set(effect, await bookBetween(trx, chain, itemOf(effect, opened_at, day.now), day));
  return late.planned.effects.map((effect) => {
    const seq = places.get(effect);
    return seq === undefined ? effect : { ...effect, seq };
  });
}

/** The executions of a chain, and actions among them: those of before the ex-date, and the others. */
interface Parted {
  key: ChainKey;
  all: readonly BookedExecution[];
  before: BookedExecution[];
  since: BookedExecution[];
  /** What those of before make; null where nothing is left of it. */
  stood: RebuiltPosition | null;
  /** Whether all of them leave anything open. */
  isOpen: boolean;
}

/** Parts a chain, each part in the order of booking. An earlier action of the same day counts as before. */
async function partChain(
  source: Source,
  { user_id, symbol, strategy_id, product }: ChainKey,
  { effective_at }: Step,
): Promise<Parted> {
  const key = { user_id, symbol, strategy_id, product };
  const all = await readChain(source, key);
  const isOld = ({ executed_at, action }: BookedExecution) =>
    isBefore(executed_at, effective_at) || (action !== undefined && executed_at === effective_at);
  const before = all.filter(isOld);
  const last = rebuildPositions(before).positions.at(-1);
  return {
    ...{ key, all, before },
    since: all.filter((item) => !isOld(item)),
    stood: last?.status === 'OPEN' ? last : null,
    isOpen: rebuildPositions(all).positions.at(-1)?.status === 'OPEN',
  };
}

const becoming = ({ before, since }: Parted, item: BookedExecution) => [...before, item, ...since];

/** An effect among the executions of its chain. */
const itemOf = (effect: NewEffect, opened_at: Instant, created_at: Instant): BookedExecution => ({
  fill_id: effect.action_id,
  broker_fill_id: effect.action_id,
  order_id: null,
  position_id: effect.position_id,
  flipped_to: null,
  side: effect.shares < 0 ? 'SELL' : 'BUY',
  quantity: Math.abs(effect.shares),
  price: effect.price,
  executed_at: effect.effective_at,
  created_at,
  realized_pnl: NO_RUPEES,
  session_id: null,
  overfill: false,
  seq: Number.NaN,
  action: {
    shares_before: effect.shares_before,
    cost: effect.cost,
    average_before: effect.average_before,
    opened_at,
  },
});

/**
 * Books an effect behind what was executed before the ex-date, and what came since anew on the shares that it left: positions,
 * credits, capital, totals and sessions follow. Returns the place of the effect in the order of booking.
 */
async function bookBetween(trx: Trx, chain: Parted, item: BookedExecution, day: TradingDay): Promise<number> {
  const { key, all, before } = chain;
  const becomes = [{ key, fills: becoming(chain, item) }];
  const { fills } = await rebook(trx, { was: [{ key, fills: all }], becomes }, 0, day);
  return fills[before.length]?.seq ?? 0;
}

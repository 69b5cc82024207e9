import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import { isBefore } from '../../domain/instant.ts';
import { NO_RUPEES } from '../../domain/money.ts';
import { type RebuiltPosition, rebuildPositions } from '../../domain/rebuild-positions.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { type BookedExecution, type PositionRow, readChain } from '../ledger/chain-store.ts';
import { rebook } from '../ledger/rebuild-chain.ts';
import type { TradingDay } from '../trading-day.ts';
import type { Holder } from './holders.ts';
import { type NewEffect, type PlannedPosition, planMove } from './plan-step.ts';
import type { Step } from './step.ts';

/** A position that was traded since the ex-date, or whose account was in the other symbol, with both chains. */
export interface Late {
  planned: PlannedPosition;
  own: Parted;
  other: Parted | null;
}

/** What a step makes of a position as it stood when the ex-date began. */
export async function planLate(source: Source, step: Step, holder: Holder): Promise<Late> {
  const own = await partChain(source, holder, step);
  const symbol = step.lead.new_symbol;
  const other = symbol === null ? null : await partChain(source, { ...holder, symbol }, step);
  const stood = own.stood ? { ...holder, ...own.stood, marked_at: null, marked_since: false } : holder;
  return {
    planned: planMove(step, stood, other?.stood ? standing(holder, other, other.stood) : null),
    own,
    other,
  };
}

const standing = (holder: Holder, { key }: Parted, stood: RebuiltPosition): PositionRow => ({
  ...holder,
  ...stood,
  symbol: key.symbol,
  marked_at: null,
});

/** Books it; returns the effects at their places in the order of booking. */
export async function bookLate(
  trx: Trx,
  { planned, own, other }: Late,
  day: TradingDay,
): Promise<NewEffect[]> {
  const effects: NewEffect[] = [];
  for (const [i, effect] of planned.effects.entries()) {
    const chain = i === 0 ? own : other;
    const isMoved = effect.shares !== 0 || effect.cost !== NO_RUPEES;
    const { opened_at } = planned.before;
    effects.push(
      chain && isMoved ? { ...effect, seq: await bookBetween(trx, chain, effect, opened_at, day) } : effect,
    );
  }
  return effects;
}

/** The executions of a chain, and actions among them: those of before the ex-date, and the others. */
interface Parted {
  key: ChainKey;
  all: readonly BookedExecution[];
  before: BookedExecution[];
  since: BookedExecution[];
  /** What those of before make; null where nothing is left of it. */
  stood: RebuiltPosition | null;
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
  };
}

/**
 * Books an effect behind what was executed before the ex-date, and what came since anew on the shares that it left: positions,
 * credits, capital, totals and sessions follow. Returns the place of the effect in the order of booking.
 */
async function bookBetween(
  trx: Trx,
  { key, all, before, since }: Parted,
  effect: NewEffect,
  opened_at: PositionRow['opened_at'],
  day: TradingDay,
): Promise<number> {
  const item: BookedExecution = {
    fill_id: effect.action_id,
    broker_fill_id: effect.action_id,
    order_id: null,
    position_id: effect.position_id,
    flipped_to: null,
    side: effect.shares < 0 ? 'SELL' : 'BUY',
    quantity: Math.abs(effect.shares),
    price: effect.price,
    executed_at: effect.effective_at,
    created_at: day.now,
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
  };
  const becomes = [{ key, fills: [...before, item, ...since] }];
  const { fills } = await rebook(trx, { was: [{ key, fills: all }], becomes }, 0, day);
  return fills[before.length]?.seq ?? 0;
}

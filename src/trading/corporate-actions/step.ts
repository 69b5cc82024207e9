import {
  type Action,
  isBeforeAction,
  isFactor,
  movesPositions,
} from '../../domain/corporate-actions/action.ts';
import { ratioOf } from '../../domain/corporate-actions/ratio.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { openRenaming } from '../symbols/renaming.ts';
import { tradingZone } from '../trading-day.ts';
import { actionsOf, findAction, type StoredAction } from './store.ts';

/** Actions that are applied as one: a split and a bonus of one ex-date, else a single one. */
export interface Step {
  /** In the order in which they count; the effects are under the first. */
  actions: readonly [StoredAction, ...StoredAction[]];
  lead: StoredAction;
  /** The names under which the share is booked. */
  symbols: readonly TradingSymbol[];
  effective_at: Instant;
  /** Rupees for a whole new share, by which fractions are paid; null while it is not known. */
  cash_price: string | null;
}

/** Every name of a share. */
export async function namesOf(source: Source, symbol: TradingSymbol): Promise<TradingSymbol[]> {
  const { meaningOf, oldNamesOf } = await openRenaming(source);
  const meaning = meaningOf(symbol);
  return [...new Set([symbol, meaning, ...oldNamesOf([meaning])])];
}

/**
 * The step that an action belongs to. Throws CORPORATE_ACTION_NOT_FOUND, ACTION_REVERSED, and ACTION_OUT_OF_ORDER where another
 * action of the share comes first, or one that comes later is applied already.
 */
export async function findStep(source: Source, id: string): Promise<Step> {
  const zone = tradingZone(source);
  const action = await findAction(source, zone, id);
  if (action.status === 'REVERSED')
    throw refused(
      'ACTION_REVERSED',
      `The ${action.type} of ${action.symbol} (${id}) was reversed: ${action.reason}.`,
      'Add it anew to apply it: pinnacle corporate-action add',
    );
  const symbols = await namesOf(source, action.symbol);
  const others = (await actionsOf(source, zone, symbols)).filter(({ symbol }) => symbols.includes(symbol));
  const actions = others
    .filter((each) => each.action_id === id || isTogether(each, action))
    .sort((a, b) => Number(isBeforeAction(b, a)) - Number(isBeforeAction(a, b)));
  const [first = action, ...rest] = actions;
  const lead = actions.find(({ action_id }) => action_id === action.applied_with) ?? first;
  requireOrder(
    action,
    others.filter((each) => !actions.includes(each)),
  );
  return {
    actions: [first, ...rest],
    lead,
    symbols,
    effective_at: action.effective_at,
    cash_price: actions.find(({ cash_price }) => cash_price !== null)?.cash_price ?? null,
  };
}

/** A split and a bonus of one ex-date count as one factor, as long as neither is applied without the other. */
function isTogether(other: StoredAction, action: StoredAction): boolean {
  if (!isFactor(other) || !isFactor(action) || other.ex_date !== action.ex_date) return false;
  return other.applied_with === action.applied_with;
}

function requireOrder(action: StoredAction, others: readonly StoredAction[]): void {
  const moves = others.filter((each) => movesPositions(each));
  const earlier = moves.find((each) => each.status === 'DRAFT' && isBeforeAction(each, action));
  if (earlier && action.status === 'DRAFT')
    throw refused(
      'ACTION_OUT_OF_ORDER',
      `The ${nameOf(earlier)} comes first, and is not applied yet.`,
      `Run: pinnacle corporate-action apply ${earlier.action_id}`,
    );
  const later = moves.find((each) => each.status === 'APPLIED' && !isBeforeAction(each, action));
  if (later && movesPositions(action) && action.status === 'DRAFT')
    throw refused(
      'ACTION_OUT_OF_ORDER',
      `The ${nameOf(later)} is applied already, and counts the shares after this one.`,
      `Reverse it first, then apply both in their order: pinnacle corporate-action reverse ${later.action_id} --reason TEXT`,
    );
}

/** `split 2:1 of RELIANCE on 2026-01-05`. */
export const nameOf = ({ type, ratio, symbol, ex_date }: Action): string =>
  `${type} ${ratio ? `${ratioOf(ratio)} ` : ''}of ${symbol} on ${ex_date}`;

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

/** Every name of some shares. */
export async function namesOf(
  source: Source,
  ...symbols: readonly (TradingSymbol | null)[]
): Promise<TradingSymbol[]> {
  const { meaningOf, oldNamesOf } = await openRenaming(source);
  const known = symbols.filter((symbol) => symbol !== null);
  const meanings = known.map(meaningOf);
  return [...new Set([...known, ...meanings, ...oldNamesOf(meanings)])];
}

/**
 * The step that an action belongs to. Throws CORPORATE_ACTION_NOT_FOUND, ACTION_REVERSED, ACTION_OUT_OF_ORDER where another action of one
 * of its shares comes first, or one that comes later is applied already, and ACTION_CONFLICT where the same is on record twice or
 * fractions of the step have two prices.
 */
export async function findStep(source: Source, id: string): Promise<Step> {
  const zone = tradingZone(source);
  const action = await findAction(source, zone, id);
  if (action.status === 'REVERSED')
    throw refused(
      'ACTION_REVERSED',
      `The ${action.type} of ${action.symbol} (${id}) was reversed: ${action.reason}.`,
      'Add it anew to apply it: pinnacle corporate-action add --help',
    );
  const symbols = await namesOf(source, action.symbol);
  const connected = await actionsOf(source, zone, await namesOf(source, action.symbol, action.new_symbol));
  const own = connected.filter(({ symbol }) => symbols.includes(symbol));
  refuseTwin(action, own, await namesOf(source, action.new_symbol));
  const actions = own
    .filter((each) => each.action_id === id || isTogether(each, action))
    .sort((a, b) => Number(isBeforeAction(b, a)) - Number(isBeforeAction(a, b)));
  const [first = action, ...rest] = actions;
  const lead = actions.find(({ action_id }) => action_id === action.applied_with) ?? first;
  requireOrder(
    action,
    connected.filter((each) => !actions.some(({ action_id }) => action_id === each.action_id)),
  );
  return {
    actions: [first, ...rest],
    lead,
    symbols,
    effective_at: action.effective_at,
    cash_price: priceOf(actions),
  };
}

/** A split and a bonus of one ex-date count as one factor, as long as neither is applied without the other. */
function isTogether(other: StoredAction, action: StoredAction): boolean {
  if (!isFactor(other) || !isFactor(action) || other.ex_date !== action.ex_date) return false;
  return other.applied_with === action.applied_with;
}

/** The same under another name of the share would be booked twice. Throws ACTION_CONFLICT. */
function refuseTwin(
  action: StoredAction,
  own: readonly StoredAction[],
  targets: readonly TradingSymbol[],
): void {
  if (action.type === 'rename') return;
  const twin = own.find(
    (each) =>
      each.action_id !== action.action_id &&
      each.type === action.type &&
      each.ex_date === action.ex_date &&
      (each.new_symbol === null || targets.includes(each.new_symbol)) &&
      (each.status === 'APPLIED' || action.status === 'DRAFT'),
  );
  if (!twin) return;
  const withdrawn = twin.status === 'APPLIED' && action.status === 'DRAFT' ? action : twin;
  throw refused(
    'ACTION_CONFLICT',
    `The ${nameOf(twin)} (${twin.action_id}, ${twin.status}) is on record besides the ${nameOf(action)}, of the same share under another name: it would count twice.`,
    `Take one of them back: pinnacle corporate-action reverse ${withdrawn.action_id} --reason "to be corrected"`,
  );
}

/** By how much fractions of a step are paid. Throws ACTION_CONFLICT where its actions say it otherwise. */
function priceOf(actions: readonly StoredAction[]): string | null {
  const [first, ...rest] = actions.filter(({ cash_price }) => cash_price !== null);
  const other = rest.find(({ cash_price }) => cash_price !== first?.cash_price);
  if (first && other)
    throw refused(
      'ACTION_CONFLICT',
      `The ${nameOf(first)} and the ${nameOf(other)} are one step, but pay fractions at ${first.cash_price} and at ${other.cash_price} a share.`,
      `Reverse the one that is wrong and add it anew: pinnacle corporate-action reverse ${other.action_id} --reason "to be corrected"`,
    );
  return first?.cash_price ?? null;
}

/** Others are those of the share, and of the other share that the action is about. Those of which none is before the other are free. */
function requireOrder(action: StoredAction, others: readonly StoredAction[]): void {
  const moves = others.filter((each) => movesPositions(each));
  const earlier = moves.find((each) => each.status === 'DRAFT' && isBeforeAction(each, action));
  if (earlier && action.status === 'DRAFT')
    throw refused(
      'ACTION_OUT_OF_ORDER',
      `The ${nameOf(earlier)} comes first, and is not applied yet.`,
      `Run: pinnacle corporate-action apply ${earlier.action_id}`,
    );
  const later = moves.find((each) => each.status === 'APPLIED' && isBeforeAction(action, each));
  if (later && movesPositions(action) && action.status === 'DRAFT')
    throw refused(
      'ACTION_OUT_OF_ORDER',
      `The ${nameOf(later)} is applied already, and counts the shares after this one.`,
      `Reverse it first, then apply both in their order: pinnacle corporate-action reverse ${later.action_id} --reason "to be corrected"`,
    );
}

/** `split 2:1 of RELIANCE on 2026-01-05`. */
export const nameOf = ({ type, ratio, symbol, ex_date }: Action): string =>
  `${type} ${ratio ? `${ratioOf(ratio)} ` : ''}of ${symbol} on ${ex_date}`;

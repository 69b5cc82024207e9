import type { ActionEffect } from '../action-effect.ts';
import { over, times, wholePaisa } from '../fixed.ts';
import { Decimal, NO_RUPEES, negated, type Rupees, rupeesOf, toPaisa } from '../money.ts';
import { exactOf, type Position } from '../position.ts';
import { priceBy, type Ratio, scale, worthOf } from './ratio.ts';

/** What an action does to an open position; nothing of it is rounded twice. */
export interface ActionOutcome {
  /** What it does to the position itself; null: nothing. */
  own: ActionEffect | null;
  /** Shares in the other symbol, at their cost and price; null: none. */
  other: ActionEffect | null;
  /** The part of a share that is paid in cash. */
  fraction: Ratio | null;
  /** Rupees paid for the fraction, owed where below 0; null where nothing is left over, or no price is known. */
  cash: Rupees | null;
}

/** A position that an action is applied to. */
export interface Valued extends Position {
  /** Whether its price was marked since the ex-date began, as one of the new shares. */
  marked_since?: boolean;
}

const NOTHING: ActionOutcome = { own: null, other: null, fraction: null, cash: null };

const signOf = ({ side }: Pick<Position, 'side'>) => (side === 'LONG' ? 1 : -1);

/** Cost of a position to the paisa: rupees. */
export const costOf = (position: Position): Rupees =>
  rupeesOf(wholePaisa(times(exactOf(position).average, position.quantity)));

function cashOf(position: Position, fraction: Ratio | null, price: string | null): Rupees | null {
  if (fraction === null || price === null) return null;
  const worth = worthOf(fraction, price);
  return signOf(position) < 0 ? negated(worth) : worth;
}

/**
 * A split or a bonus, or several of one ex-date: `q' = ⌊q·F⌋`, all of the cost stays with the whole shares, the price is divided by F
 * unless it is one of the new shares, and the fraction is paid. Undefined where not one whole share is left, of which nothing could carry the cost.
 */
export function scaled(position: Valued, factor: Ratio, cashPrice: string | null): ActionOutcome | undefined {
  const { whole, fraction } = scale(position.quantity, factor);
  if (whole === 0) return undefined;
  return {
    own: {
      shares: signOf(position) * (whole - position.quantity),
      cost: NO_RUPEES,
      price: position.marked_since ? position.current_price : priceBy(position.current_price, factor),
    },
    other: null,
    fraction,
    cash: cashOf(position, fraction, cashPrice),
  };
}

/**
 * A demerger: the position keeps its shares and `cost·(1 − c)`, what is demerged is `⌊q·ratio⌋` shares at `cost·c`, to the paisa.
 * The last known price is shared out in the same way; one of after it stays, and what is demerged is valued at its cost. Where not one whole share comes of it, only the fraction is paid.
 */
export function demerged(
  position: Valued,
  ratio: Ratio,
  { costPercent, cashPrice }: { costPercent: string; cashPrice: string | null },
): ActionOutcome {
  const { whole, fraction } = scale(position.quantity, ratio);
  const cash = cashOf(position, fraction, cashPrice);
  if (whole === 0) return { ...NOTHING, fraction, cash };
  const part = partOf(costPercent);
  const cost = times(exactOf(position).average, position.quantity);
  const moved = rupeesOf(wholePaisa(over(times(cost, part.numerator), part.denominator)));
  const price = new Decimal(position.current_price).times(part.numerator).div(part.denominator);
  const { marked_since = false, current_price } = position;
  return {
    own: {
      shares: 0,
      cost: negated(moved),
      price: marked_since ? current_price : new Decimal(current_price).minus(price).toNumber(),
    },
    other: {
      shares: signOf(position) * whole,
      cost: moved,
      price: marked_since ? Number(moved) / whole : priceBy(price.toNumber(), ratio),
    },
    fraction,
    cash,
  };
}

const PERCENT_DECIMALS = 1_000_000;

/** A percentage with at most 6 decimals as an exact pair. */
const partOf = (percent: string): Ratio => ({
  numerator: new Decimal(percent).times(PERCENT_DECIMALS).toNumber(),
  denominator: 100 * PERCENT_DECIMALS,
});

/**
 * A merger: the position ends, and all of its cost, to the paisa, goes to `⌊q·ratio⌋` shares of the acquirer. Undefined where not
 * one whole share comes of it.
 */
export function merged(
  position: Position,
  ratio: Ratio,
  cashPrice: string | null,
): ActionOutcome | undefined {
  const { whole, fraction } = scale(position.quantity, ratio);
  if (whole === 0) return undefined;
  const cost = costOf(position);
  const sign = signOf(position);
  return {
    own: { shares: -sign * position.quantity, cost: negated(cost), price: position.current_price },
    other: { shares: sign * whole, cost, price: priceBy(position.current_price, ratio) },
    fraction,
    cash: cashOf(position, fraction, cashPrice),
  };
}

/** A dividend in rupees: what is paid, what is deducted of it at the source, and what arrives. */
export interface Dividend {
  gross: Rupees;
  tds: Rupees;
  net: Rupees;
}

/** What is deducted of dividends: a percentage, once the dividends of a user are above so many rupees. */
export interface Deduction {
  percent: string;
  above: string;
}

/**
 * The dividend on signed shares, to the paisa. Who is short owes all of it. `total` is what the user is paid altogether, by which
 * it is decided whether tax is deducted.
 */
export function dividendOn(
  shares: number,
  perShare: string,
  deduction: Deduction | null,
  total: string = perShare,
): Dividend {
  const gross = toPaisa(new Decimal(perShare).times(shares));
  const isDeducted = deduction !== null && shares > 0 && new Decimal(total).gt(deduction.above);
  const tds = isDeducted ? toPaisa(new Decimal(gross).times(deduction.percent).div(100)) : NO_RUPEES;
  return { gross, tds, net: toPaisa(new Decimal(gross).minus(tds)) };
}

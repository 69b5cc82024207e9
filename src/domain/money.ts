import { Big } from 'big.js';

/** The decimal type of the ledger: 20 places in divisions, halves rounded away from zero as in PostgreSQL's numeric. */
export const Decimal = Big();
Decimal.DP = 20;
Decimal.RM = 1;
export type Decimal = Big;

/**
 * An amount in rupees rounded to the paisa: `"123.45"`, never `"-0.00"`. Text and decimals are rounded exactly; a
 * double is first read with 15 digits, like PostgreSQL's `round(x::numeric, 2)`, so that SQL and this program credit
 * the same paisa and the noise of a double does not decide a half. Throws for a value that is not a finite number.
 */
export function toPaisa(amount: Decimal | number | string): string {
  if (typeof amount === 'number') {
    // Far from a half no further digit matters, and decimals would take ten times as long.
    const paisa = amount * 100;
    const nearest = Math.round(paisa);
    if (Math.abs(paisa - nearest) < 0.49 && Math.abs(paisa) < 1e12) return (nearest / 100 + 0).toFixed(2);
  }
  const text = new Decimal(typeof amount === 'number' ? amount.toPrecision(15) : amount).toFixed(2);
  return text === '-0.00' ? '0.00' : text;
}

/** The exact sum of two amounts in rupees and paisa. */
export function addMoney(a: string, b: string): string {
  return toPaisa(new Decimal(a).plus(b));
}

/** A decimal as a double for a double precision column; never minus zero, which PostgreSQL would keep and print. */
export function toDouble(value: Decimal): number {
  return value.toNumber() + 0;
}

/** Shares at a price in rupees per share, or at the mean price of several executions. */
export interface Lot {
  quantity: number;
  price: number;
}

/** The mean price per share of two lots, `(p*q + px*f)/(q+f)`. */
export function meanPrice(a: Lot, b: Lot): number {
  const cost = new Decimal(a.price).times(a.quantity).plus(new Decimal(b.price).times(b.quantity));
  return toDouble(cost.div(a.quantity + b.quantity));
}

/**
 * An amount as an Indian operator writes it: `₹12,34,567.89`, `-₹500.00`. Works on the decimal text, so nothing is
 * rounded away; text that is not a decimal is returned unchanged.
 */
export function formatRupees(amount: string): string {
  const match = /^(-?)0*(\d+)(?:\.(\d+))?$/.exec(amount);
  if (!match) return amount;
  const [, sign = '', whole = '', fraction = ''] = match;
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ',');
  const minus = /[1-9]/.test(amount) ? sign : '';
  return `${minus}₹${head === '' ? '' : `${head},`}${whole.slice(-3)}.${fraction.padEnd(2, '0')}`;
}

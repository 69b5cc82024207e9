import { Big as BaseBig } from 'big.js';

/** Decimals of our own kind: 20 places in divisions, halves rounded away from zero as PostgreSQL's numeric does. */
export const Decimal = BaseBig();
Decimal.DP = 20;
Decimal.RM = 1;
export type Decimal = BaseBig;

/** An amount rounded to the paisa: `"123.45"`, never `"-0.00"`. */
export function toPaisa(amount: BaseBig | number | string): string {
  const text = new Decimal(amount).toFixed(2);
  return text === '-0.00' ? '0.00' : text;
}

/** The exact sum of two amounts in rupees. */
export function addMoney(a: string, b: string): string {
  return toPaisa(new Decimal(a).plus(b));
}

/** An amount as an Indian operator writes it: `₹12,34,567.89`. Works on the decimal text, so nothing is rounded away. */
export function formatRupees(amount: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(amount);
  if (!match) return amount;
  const [, sign = '', whole = '', fraction = ''] = match;
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ',');
  return `${sign}₹${head === '' ? '' : `${head},`}${whole.slice(-3)}${fraction}`;
}

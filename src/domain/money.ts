import { Big } from 'big.js';
import * as z from 'zod/mini';
import type { Brand } from '../util/brand.ts';
import { fixed, nearestDouble, over, plus, times } from './fixed.ts';

/** The decimal type of the ledger: 20 places in divisions, halves rounded away from zero as in PostgreSQL's numeric. */
export const Decimal = Big();
Decimal.DP = 20;
Decimal.RM = 1;
export type Decimal = Big;

/** An amount in rupees as decimal text with at most two places, which a double would not hold exactly. */
export type Rupees = Brand<string, 'Rupees'>;

/**
 * An amount in rupees rounded to the paisa: `"123.45"`, never `"-0.00"`. Text and decimals are rounded exactly; a
 * double is first read with 15 digits, like PostgreSQL's `round(x::numeric, 2)`, so that SQL and this program credit
 * the same paisa and the noise of a double does not decide a half. Throws for a value that is not a finite number.
 */
export function toPaisa(amount: Decimal | number | string): Rupees {
  if (typeof amount === 'number') {
    // Far from a half no further digit matters, and decimals would take ten times as long.
    const paisa = amount * 100;
    const nearest = Math.round(paisa);
    if (Math.abs(paisa - nearest) < 0.49 && Math.abs(paisa) < 1e12)
      return rupees((nearest / 100 + 0).toFixed(2));
  }
  const text = new Decimal(typeof amount === 'number' ? amount.toPrecision(15) : amount).toFixed(2);
  return text === '-0.00' ? NO_RUPEES : rupees(text);
}

const rupees = (text: string) => text as Rupees;

export const NO_RUPEES = rupees('0.00');

/** Whole paisa as rupees. */
export function rupeesOf(paisa: bigint): Rupees {
  const digits = String(paisa < 0n ? -paisa : paisa).padStart(3, '0');
  return rupees(`${paisa < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`);
}

/** The exact sum of two amounts in rupees and paisa. */
export function addMoney(a: Rupees, b: Rupees): Rupees {
  return rupeesOf(paisaOf(a) + paisaOf(b));
}

/** The exact sum of amounts in rupees and paisa; 0.00 of none. */
export const sumOfMoney = (amounts: readonly Rupees[]): Rupees => amounts.reduce(addMoney, NO_RUPEES);

/** The same amount with the other sign. */
export const negated = (amount: Rupees): Rupees => rupeesOf(-paisaOf(amount));

function paisaOf(amount: Rupees): bigint {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(`${whole}${fraction.padEnd(2, '0')}`);
}

/** A decimal as a double for a double precision column; never minus zero, which PostgreSQL would keep and print. */
export function toDouble(value: Decimal): number {
  return value.toNumber() + 0;
}

const AMOUNT = 'must be an amount in rupees with at most two decimals, such as 1000000 or 2500.50';

/** An amount in rupees in a flag or a file, kept as text so that no paisa is lost. */
export const rupeesText = z.pipe(
  z.string().check(z.regex(/^\d{1,13}(\.\d{1,2})?$/, { error: AMOUNT })),
  z.transform(rupees),
);

/** The same above zero: of what moves. */
export const paymentText = z.pipe(
  z.string().check(
    z.regex(/^(?=.*[1-9])\d{1,13}(\.\d{1,2})?$/, {
      error: 'must be an amount in rupees above 0 with at most two decimals, such as 50000 or 2500.50',
    }),
  ),
  z.transform((text: string) => toPaisa(text)),
);

/** The lowest and the highest price of a share, in rupees. */
const MIN_PRICE = 0.01;
export const MAX_PRICE = 1e9;

const MAX_DECIMALS = 20;

export const PRICE_RULE = `must be a number of rupees from ${MIN_PRICE} to ${MAX_PRICE} with at most ${MAX_DECIMALS} decimals, such as 2450.50`;

/** A valid price for booking, in rupees per share. */
export const isPrice = (value: unknown): value is number =>
  typeof value === 'number' && value >= MIN_PRICE && value <= MAX_PRICE;

const DECIMAL = new RegExp(`^\\+?\\d{1,15}(\\.\\d{1,${MAX_DECIMALS}})?$`);

/** Parses a price in plain notation; undefined if the text is no valid price. */
export function readPrice(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : undefined;
  return isPrice(value) ? value : undefined;
}

/** Parses the price of an order in a file, which is 0 where there is none: of a market order, or of nothing filled. */
export const readPriceOrNone = (text: string): number | undefined =>
  DECIMAL.test(text) && Number(text) === 0 ? 0 : readPrice(text);

/** The same rule for a flag. */
export const priceText = z.pipe(
  z.string().check(z.refine((text) => readPrice(text) !== undefined, { error: PRICE_RULE })),
  z.transform(Number),
);

export const MAX_SHARES = 2_147_483_647;

/** Parses a whole number from 0 to `most`, where `450.000000` counts as whole; undefined if the text is none. */
export function readWhole(text: string, most = MAX_SHARES): number | undefined {
  const n = /^\+?\d{1,16}(\.0{1,20})?$/.test(text) ? Number(text) : undefined;
  return n !== undefined && n <= most ? n : undefined;
}

export const SHARES_RULE = `must be a whole number of shares from 1 to ${MAX_SHARES}`;

/** Parses a number of shares, 1 or more; undefined if the text is none. */
export const readShares = (text: string): number | undefined => readWhole(text) || undefined;

/** The same rule for a flag. */
export const sharesText = z.pipe(
  z.string().check(z.refine((text) => readShares(text) !== undefined, { error: SHARES_RULE })),
  z.transform(Number),
);

/** Shares at a price in rupees per share, or at the mean price of several executions. */
export interface Lot {
  quantity: number;
  price: number;
}

/** The mean price per share of two lots, `(p*q + px*f)/(q+f)`. */
export function meanPrice(a: Lot, b: Lot): number {
  const cost = plus(times(fixed(a.price), a.quantity), times(fixed(b.price), b.quantity));
  return nearestDouble(over(cost, a.quantity + b.quantity));
}

/**
 * An amount in rupees for a machine: plain decimal text with every digit that it has, at least two behind the point, and
 * no sign before zero, which a double can have. What is no number is returned as it is.
 */
export function amountText(amount: number | string): string {
  const text = String(amount).replace(/^-(?=[0.]+$)/, '');
  const [, fraction] = /^-?\d+(?:\.(\d+))?$/.exec(text) ?? [];
  if (fraction !== undefined) return fraction.length > 1 ? text : `${text}0`;
  if (/^-?\d+$/.test(text)) return `${text}.00`;
  return /^-?\d[\d.]*e[-+]?\d+$/i.test(text) ? amountText(new Decimal(text).toFixed()) : text;
}

/**
 * A number as an Indian operator writes it: `12,34,567.5`. Works on the decimal text, so nothing is rounded away; text that is
 * not a decimal is returned unchanged.
 */
export function groupDigits(number: string): string {
  const match = /^(-?)0*(\d+)(\.\d+)?$/.exec(number);
  if (!match) return number;
  const [, sign = '', whole = '', fraction = ''] = match;
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ',');
  const minus = /[1-9]/.test(number) ? sign : '';
  return `${minus}${head === '' ? '' : `${head},`}${whole.slice(-3)}${fraction}`;
}

/** An amount likewise, with the paisa: `₹12,34,567.89`, `-₹500.00`; text that is not a decimal is returned unchanged. */
export function formatRupees(amount: string): string {
  if (!/^-?\d+(\.\d+)?$/.test(amount)) return amount;
  const [whole = '', fraction = ''] = amount.split('.');
  return groupDigits(`${whole}.${fraction.padEnd(2, '0')}`).replace(/^-?/, '$&₹');
}

/** A price of a share likewise, with four digits of a rupee at most. */
export const formatPrice = (price: number | string): string =>
  formatRupees(amountText(String(Number(Number(price).toFixed(4)) + 0)));

/** An amount that was won or lost, a gain with its sign, rounded to the paisa. */
export function signedRupees(amount: number | string): string {
  const paisa = toPaisa(amount);
  return Number(paisa) > 0 ? `+${formatRupees(paisa)}` : formatRupees(paisa);
}

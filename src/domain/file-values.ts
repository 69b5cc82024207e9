import { escapeControls, plainUpperCase, truncate } from '../util/text.ts';
import { readId } from './id.ts';
import { DATE_ORDERS, type DateOrder, type Instant, isAmbiguous, writtenInstant } from './instant.ts';
import {
  MAX_SHARES,
  PRICE_RULE,
  readPrice,
  readPriceOrNone,
  readShares,
  readWhole,
  SHARES_RULE,
} from './money.ts';
import { readSymbol, SYMBOL_RULE, type TradingSymbol } from './symbol.ts';

/** A rule for a value in a file: what it must be, and its value; undefined for text that is none. */
export interface Rule<T> {
  must: string | ((text: string) => string);
  read: (text: string) => T | undefined;
}

/** How times in a file are read. */
export interface TimeReading {
  /** The zone of times that name no offset. */
  timeZone: string;
  /** The order of day and month in dates such as 03/04/2026; without it they are invalid. */
  dates?: DateOrder | undefined;
}

export const ID: Rule<string> = {
  must: 'must be an id: at most 50 letters, digits and _ . : -',
  read: readId,
};
export const SYMBOL: Rule<TradingSymbol> = { must: SYMBOL_RULE, read: readSymbol };
export const PRICE: Rule<number> = { must: PRICE_RULE, read: readPrice };
export const PRICE_OR_NONE: Rule<number> = { must: PRICE_RULE, read: readPriceOrNone };
export const SHARES: Rule<number> = { must: SHARES_RULE, read: readShares };
export const COUNT: Rule<number> = {
  must: `must be a whole number from 0 to ${MAX_SHARES}`,
  read: (text) => readWhole(text),
};
/** Shares traded in a day, of which there may be more than anybody can hold. */
export const VOLUME: Rule<number> = {
  must: 'must be a whole number of shares',
  read: (text) => readWhole(text, Number.MAX_SAFE_INTEGER),
};

/** One of a few words, in any case. */
export function word<const W extends string>(words: readonly W[]): Rule<W> {
  const known = new Map<string, W>(words.map((each) => [each, each]));
  return {
    must: `must be one of ${words.join(', ')}`,
    read: (text) => known.get(text) ?? known.get(plainUpperCase(text)),
  };
}

/** A time from 1970 on. */
export const time = ({ timeZone, dates }: TimeReading): Rule<Instant> => ({
  must: (text) =>
    isAmbiguous(text) && dates === undefined
      ? `is a date in one order or the other: give ${DATE_ORDERS.map((order) => `--dates ${order}`).join(' or ')}`
      : 'must be a time such as 2026-01-31T09:15:00+05:30',
  read(text) {
    const at = writtenInstant(text, timeZone, dates);
    return at !== undefined && at >= '1970' ? at : undefined;
  },
});

/** Why a text is no such value, and the text: `price must be a number of rupees …, not "abc"`. */
export function refusal(column: string, { must }: Pick<Rule<unknown>, 'must'>, text: string): string {
  const what = typeof must === 'string' ? must : must(text);
  return `${column} ${what}${text === '' ? ', and is empty' : `, not "${escapeControls(truncate(text))}"`}`;
}

/** Takes values of a row by their rules; `reason` is why the first invalid one is invalid, and then the rest is void. */
export function takeFrom(row: Readonly<Record<string, string>>) {
  const taken = {
    reason: undefined as string | undefined,
    value<T>(column: string, rule: Rule<T>): T {
      const text = row[column] ?? '';
      const value = rule.read(text);
      if (value === undefined) taken.reason ??= refusal(column, rule, text);
      return value as T;
    },
  };
  return taken;
}

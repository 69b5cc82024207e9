import * as z from 'zod/mini';
import { Decimal } from '../money.ts';
import type { ActionTerms, ActionType } from './action.ts';

/** Decimal text in its shortest form, so that the same terms are the same text. */
const decimalText = (rule: RegExp, most: number, error: string) =>
  z.pipe(
    z
      .string()
      .check(z.refine((text) => rule.test(text) && Number(text) > 0 && Number(text) <= most, { error })),
    z.transform((text) => new Decimal(text).toFixed()),
  );

/** Rupees a share, above zero. */
export const shareText = decimalText(
  /^\d{1,9}(\.\d{1,4})?$/,
  1e9,
  'must be rupees a share above 0 with at most four decimals, such as 22 or 0.5',
);

/** A percentage above zero. */
export const percentText = decimalText(
  /^\d{1,3}(\.\d{1,6})?$/,
  100,
  'must be a percentage above 0 and up to 100 with at most six decimals, such as 13.51',
);

/** Rupees above zero. */
export const thresholdText = decimalText(
  /^\d{1,9}(\.\d{1,2})?$/,
  1e9,
  'must be rupees above 0 with at most two decimals, such as 10000',
);

type Term = Exclude<keyof ActionTerms, 'type' | 'symbol' | 'ex_date'>;

/** What each type is told by, and what may be said of it besides. */
const TERMS: Readonly<Record<ActionType, Readonly<Record<'needed' | 'allowed', readonly Term[]>>>> = {
  split: { needed: ['ratio'], allowed: ['cash_price'] },
  bonus: { needed: ['ratio'], allowed: ['cash_price'] },
  dividend: { needed: ['amount'], allowed: ['tds_percent', 'tds_above'] },
  rights: { needed: ['ratio', 'amount'], allowed: [] },
  demerger: { needed: ['ratio', 'new_symbol', 'cost_percent'], allowed: ['cash_price'] },
  merger: { needed: ['ratio', 'new_symbol'], allowed: ['cash_price'] },
  rename: { needed: ['new_symbol'], allowed: [] },
};

const FLAGS: Readonly<Record<Term, string>> = {
  ratio: '--ratio',
  new_symbol: '--to',
  amount: '--amount',
  cash_price: '--cash-price',
  cost_percent: '--cost-percent',
  tds_percent: '--tds-percent',
  tds_above: '--tds-above',
};

/** What is missing of the terms of an action, or does not belong to its type; undefined if they are complete. */
export function termsProblem(terms: ActionTerms): string | undefined {
  const { needed, allowed } = TERMS[terms.type];
  const missing = needed.find((term) => terms[term] === null);
  if (missing) return `A ${terms.type} needs ${FLAGS[missing]}.`;
  const stray = (Object.keys(FLAGS) as Term[]).find(
    (term) => terms[term] !== null && !needed.includes(term) && !allowed.includes(term),
  );
  if (stray) return `${FLAGS[stray]} says nothing of a ${terms.type}.`;
  if (terms.new_symbol === terms.symbol) return `${terms.symbol} and ${terms.new_symbol} are one name.`;
  if (terms.tds_above !== null && terms.tds_percent === null) return '--tds-above needs --tds-percent.';
  if (terms.cost_percent !== null && Number(terms.cost_percent) >= 100)
    return '--cost-percent must be below 100: the parent keeps the rest.';
  const { ratio } = terms;
  if (terms.type === 'split' && ratio?.numerator === ratio?.denominator)
    return 'A split of as many for as many changes nothing.';
  return undefined;
}

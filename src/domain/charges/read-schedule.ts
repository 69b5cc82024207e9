import * as z from 'zod/mini';
import { ORDER_SIDES } from '../enums.ts';
import { EXCHANGES } from '../exchanges.ts';
import { isWrittenDay } from '../instant.ts';
import { LEVIES, type Rate, ROUNDINGS, type Schedule, SEGMENTS } from './schedule.ts';
import { SHIPPED_SCHEDULE } from './shipped-schedule.ts';

const word = <const W extends readonly string[]>(words: W) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` });
const list = <S extends z.ZodMiniType>(of: S) =>
  z.array(of, { error: 'must be a list' }).check(z.minLength(1, { error: 'must not be empty' }));

const PERCENT = 'must be a percentage from 0 to 100 as text, such as "0.025"';
const percent = z
  .string({ error: PERCENT })
  .check(z.refine((text) => /^\d{1,3}(\.\d{1,12})?$/.test(text) && Number(text) <= 100, { error: PERCENT }));
const RUPEES = 'must be rupees as text, such as "20" or "13.50"';
const rupees = z.string({ error: RUPEES }).check(z.regex(/^\d{1,9}(\.\d{1,4})?$/, { error: RUPEES }));
const DAY = 'must be a day such as "2026-04-01"';
const day = z.string({ error: DAY }).check(z.refine((text) => isWrittenDay(text), { error: DAY }));
const TEXT = 'must be text of 1 to 500 characters';
const text = z.string({ error: TEXT }).check(z.regex(/^[^\p{Cc}\p{Cs}]{1,500}$/u, { error: TEXT }));
const SYMBOL = 'must be a symbol, or how symbols begin and a *';
const symbol = z
  .string({ error: SYMBOL })
  .check(z.regex(/^[A-Z0-9][A-Z0-9&._$ -]{0,48}\*?$/, { error: SYMBOL }));

const rate = z.strictObject({
  levy: word(LEVIES),
  exchanges: list(word(EXCHANGES)),
  segments: list(word(SEGMENTS)),
  side: z.optional(word(ORDER_SIDES)),
  symbols: z.optional(list(symbol)),
  percent: z.optional(percent),
  amount: z.optional(rupees),
  min: z.optional(rupees),
  max: z.optional(rupees),
  from: day,
  until: z.optional(day),
  source: text,
});

const rounding = word(ROUNDINGS);
const conventions = z.strictObject({
  from: day,
  until: z.optional(day),
  gstOn: z.array(word(LEVIES), { error: 'must be a list of levies' }),
  sttPrice: word(['average', 'side']),
  rounding: z.strictObject(
    Object.fromEntries(LEVIES.map((levy) => [levy, z.optional(rounding)])) as Record<
      (typeof LEVIES)[number],
      z.ZodMiniOptional<typeof rounding>
    >,
  ),
  source: text,
});

const schedule = z.strictObject({
  name: z
    .string()
    .check(z.regex(/^[A-Za-z0-9][\w.-]{0,49}$/, { error: 'must be a name such as angelone-2027' })),
  extends: z.optional(z.literal('shipped', { error: 'must be "shipped", or be left out' })),
  sources: z.record(z.string(), text, { error: 'must be an object of texts' }),
  rates: z.array(rate, { error: 'must be a list of rates' }),
  conventions: z.optional(z.array(conventions, { error: 'must be a list of conventions' })),
});

/**
 * The schedule that a JSON value states, or what is wrong with it: one problem a line, each beginning with the field. With
 * `extends: shipped` its rates go before those that come with the program, else it stands alone.
 */
export function readSchedule(value: unknown): Schedule | { problems: string[] } {
  const { data, error } = schedule.safeParse(value);
  if (!data) return { problems: error.issues.map(issueText) };
  const { extends: base, conventions = [], ...rest } = data;
  const own = { ...rest, conventions };
  const problems = [
    ...own.rates.flatMap((each, at) => rateProblems(each, own.sources).map((why) => `rates[${at}]${why}`)),
    ...own.conventions.flatMap((each, at) =>
      rowProblems(each, own.sources).map((why) => `conventions[${at}]${why}`),
    ),
    ...overlaps(own.rates),
  ];
  if (own.conventions.length === 0 && base === undefined)
    problems.push('conventions must say how amounts are rounded, unless it extends "shipped"');
  if (problems.length > 0) return { problems };
  return { ...own, ...(base && { base: SHIPPED_SCHEDULE }) };
}

function issueText(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  const where = path.replace(/^\./, '') || 'the schedule';
  if (issue.code === 'unrecognized_keys') return `${where} has an unknown field ${issue.keys.join(', ')}`;
  return `${where} ${/^must /.test(issue.message) ? issue.message : 'is missing or is not what it must be'}`;
}

type Row = { from: string; until?: string | undefined; source: string };

function rowProblems({ from, until, source }: Row, sources: Readonly<Record<string, string>>): string[] {
  return [
    until !== undefined && until < from ? `.until ${until} is before from ${from}` : [],
    Object.hasOwn(sources, source) ? [] : `.source ${source} is none of sources`,
  ].flat();
}

function rateProblems(each: Rate, sources: Readonly<Record<string, string>>): string[] {
  const { levy, min, max } = each;
  const { takes, needs } = FIELDS[levy] ?? { takes: ['percent'], needs: ['percent'] };
  const numbers = (['percent', 'amount', 'min', 'max'] as const).filter((field) => each[field] !== undefined);
  return [
    ...rowProblems(each, sources),
    ...(numbers.some((field) => needs.includes(field)) ? [] : [`.${needs[0]} is missing`]),
    ...numbers.filter((field) => !takes.includes(field)).map((field) => `.${field} does not go with ${levy}`),
    ...(min !== undefined && max !== undefined && Number(min) > Number(max) ? ['.min is more than max'] : []),
    ...(levy === 'gst' ? gstProblems(each) : []),
    ...(levy === 'dp' && each.side === 'BUY' ? ['.side must be SELL, or be left out, of dp'] : []),
  ];
}

// A contract note has all of them, and one base of GST.
const ON_ONE_NOTE = [
  ['delivery', 'intraday'],
  ['futures', 'options'],
] as const;

/** GST is one percentage of what a note shows, whatever was traded. */
function gstProblems({ side, symbols, segments }: Rate): string[] {
  return [
    side === undefined ? [] : '.side does not go with gst',
    symbols === undefined ? [] : '.symbols does not go with gst',
    ON_ONE_NOTE.filter((pair) => pair.filter((each) => segments.includes(each)).length === 1).map(
      (pair) => `.segments must have both ${pair.join(' and ')}, or neither, of gst`,
    ),
  ].flat();
}

/** The numbers that a rate has, and of which it needs one; of other levies, percent. */
const FIELDS: Readonly<Partial<Record<string, { takes: readonly string[]; needs: readonly string[] }>>> = {
  brokerage: { takes: ['percent', 'amount', 'min', 'max'], needs: ['percent', 'amount'] },
  dp: { takes: ['amount'], needs: ['amount'] },
};

/** Pairs of rates that would both hold for one trade. */
function overlaps(rates: readonly Rate[]): string[] {
  return rates.flatMap((a, i) =>
    rates
      .slice(i + 1)
      .flatMap((b, k) =>
        meet(a, b) ? [`rates[${i}] and rates[${i + 1 + k}] are both in force for ${a.levy}`] : [],
      ),
  );
}

function meet(a: Rate, b: Rate): boolean {
  const share = <T>(x: readonly T[], y: readonly T[]) => x.some((each) => y.includes(each));
  return (
    a.levy === b.levy &&
    share(a.exchanges, b.exchanges) &&
    share(a.segments, b.segments) &&
    (a.side === undefined || b.side === undefined || a.side === b.side) &&
    share(a.symbols ?? [''], b.symbols ?? ['']) &&
    a.from <= (b.until ?? '9999') &&
    b.from <= (a.until ?? '9999')
  );
}

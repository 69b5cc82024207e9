import { basename } from 'node:path';
import { sql } from 'kysely';
import { changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { dayAfter } from '../../domain/day.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import {
  type EquityDay,
  EXCHANGE,
  LOOK_BACK_DAYS,
  marksFrom,
} from '../../domain/performance/snapshot-day.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { entriesOf, trades } from '../../domain/trading-calendar.ts';
import { needStep, SNAPSHOTS_SINCE_STEP, type Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { usage } from '../../util/failure.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { readDays } from '../calendar/store.ts';
import { refuseFuture } from '../flows/move-money.ts';
import { ofUser } from '../of-user.ts';
import { openRenaming, type Renaming } from '../symbols/renaming.ts';
import { localTime, tradingDate } from '../trading-day.ts';
import { findUser } from '../users/store.ts';
import { AT_CLOSES, heldOn } from './at-closes.ts';
import { type ClosingPrices, readClosingPrices } from './price-file.ts';
import { type SnapshotDay, writeSnapshots, writtenOf } from './write-snapshots.ts';

interface Asked {
  file: string;
  user: UserId | undefined;
  since: string | undefined;
  until: string | undefined;
}

// One statement reads all executions up to its last day, has the prices of so many in its parameters, and so many rows of users and days.
const MAX_PRICES = 200_000;
const MAX_ROWS = 200_000;
const MAX_NAME = 200;

/**
 * Takes down the days of a range again, of executions, movements of money and a file of closing prices, in one transaction. By default from
 * the first to the last day of the file. A Finding where a position has no price on a day. Throws USER_NOT_FOUND, PHASE_NEEDED, and a usage
 * error for a file that is none of closing prices, or has none of the range.
 */
export async function rebuildSnapshots(ctx: Context, { file, user, ...range }: Asked) {
  const source = await ctx.source();
  needStep(source, SNAPSHOTS_SINCE_STEP);
  if (user !== undefined) await findUser(source.db, user);
  const today = await tradingDate(source);
  if (range.until !== undefined) refuseFuture(range.until, today, '--until');
  const renaming = await openRenaming(source);
  const held = await heldSymbols(source, user);
  const names = new Map(held.map((symbol) => [symbol, namesOf(symbol, renaming)]));
  const prices = await readClosingPrices(file, new Set([...names.values()].flat()), ctx);
  const asked = range.since ?? prices.first;
  const last = range.until ?? (prices.last < today ? prices.last : today);
  if (asked === '' || last < asked)
    throw usage(`The file ${file} has no prices of the days that are asked for.`);
  await tellOthers(ctx, prices);
  const { staleAfterMs } = (await ctx.config()).market;
  const now = instant(ctx.now());
  let problems: string[] = [];
  const result = await ctx.change(async (trx) => {
    await sql`SELECT set_config('statement_timeout', '0', true), set_config('jit', 'off', true)`.execute(
      trx.db,
    );
    const taken: SnapshotDay[] = [];
    const begun = await readBegun(trx, user, last);
    const first = asked < begun.first ? begun.first : asked;
    const days = await daysOf(trx, user, { first, last, now, staleAfterMs });
    for (const part of partsOf(days, begun.users, names, prices)) {
      ctx.signal.throwIfAborted();
      taken.push(...(await writePart(trx, part, { user, pricedBy: basename(file).slice(0, MAX_NAME) })));
    }
    const incomplete = taken.filter(({ unpriced }) => unpriced.length > 0);
    problems = first > last ? [`Nobody held anything up to ${last}.`] : lacking(incomplete);
    const written = writtenOf(taken);
    const rows = incomplete.length > 0 ? new Finding(taken) : taken;
    const body = {
      first,
      last,
      user: user ?? null,
      written,
      days: taken.length,
      incomplete: firstListed(incomplete),
    };
    return changedIf(written > 0, rows, `equity ${first} to ${last}`, body);
  });
  for (const problem of problems) await ctx.io.warn(problem);
  return result;
}

/** The names under which the price of a symbol may be in a file: its own, the new one and the old ones. */
const namesOf = (symbol: TradingSymbol, { meaningOf, oldNamesOf }: Renaming): TradingSymbol[] => [
  ...new Set([symbol, meaningOf(symbol), ...oldNamesOf([meaningOf(symbol)])]),
];

async function heldSymbols({ db }: Source, user: UserId | undefined): Promise<TradingSymbol[]> {
  const { rows } = await sql<{ symbol: TradingSymbol }>`
    SELECT DISTINCT symbol FROM positions p WHERE true ${ofUser('p', user)} ORDER BY symbol`.execute(db);
  return rows.map(({ symbol }) => symbol);
}

/** How many users held something or had money booked up to a day, and since when; after that day if nobody. */
async function readBegun(trx: Trx, user: UserId | undefined, last: string) {
  const { rows } = await sql<{ users: number; first: string | null }>`
    WITH asked AS (SELECT ${last}::date AS day), ${heldOn(trx, user)}
    SELECT count(*)::int AS users, to_char(min(day), 'YYYY-MM-DD') AS first FROM begun`.execute(trx.db);
  return { users: rows[0]?.users ?? 0, first: rows[0]?.first ?? dayAfter(last) };
}

/** The days of a range: those on which NSE trades, and those on which something was executed. */
async function daysOf(
  trx: Trx,
  user: UserId | undefined,
  { first, last, ...clock }: { first: string; last: string; now: Instant; staleAfterMs: number },
): Promise<EndedDay[]> {
  const { rows } = await sql<{ day: string }>`
    SELECT DISTINCT to_char(${localTime(sql`f.executed_at`, trx)}, 'YYYY-MM-DD') AS day
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE true ${ofUser('o', user)}`.execute(
    trx.db,
  );
  const executed = new Set(rows.map(({ day }) => day));
  const calendar = await readDays(trx, EXCHANGE, { from: dayAfter(first, -LOOK_BACK_DAYS), to: last });
  const entries = entriesOf(calendar);
  const days: EndedDay[] = [];
  for (let day = first; day <= last; day = dayAfter(day))
    if (executed.has(day) || trades(day, entries.get(day)))
      days.push({ day, pricedFrom: marksFrom(day, entries, clock) });
  return days;
}

type EndedDay = Pick<EquityDay, 'day' | 'pricedFrom'>;

interface Part {
  days: EndedDay[];
  prices: { day: string; symbol: TradingSymbol; price: number }[];
}

/** Days with their prices, so many at a time that a statement can take them. */
function partsOf(
  days: readonly EndedDay[],
  users: number,
  names: ReadonlyMap<TradingSymbol, readonly TradingSymbol[]>,
  { closeOf }: ClosingPrices,
): Part[] {
  const parts: Part[] = [];
  let part: Part = { days: [], prices: [] };
  for (const each of days) {
    const { day } = each;
    const isFull = part.prices.length > MAX_PRICES || (part.days.length + 1) * users > MAX_ROWS;
    if (part.days.length === 0 || isFull) {
      part = { days: [], prices: [] };
      parts.push(part);
    }
    part.days.push(each);
    for (const [symbol, all] of names) {
      const name = all.find((one) => closeOf(one, day) !== undefined);
      const price = name && closeOf(name, day);
      if (price !== undefined) part.prices.push({ day, symbol, price });
    }
  }
  return parts;
}

const writePart = (
  trx: Trx,
  { days, prices }: Part,
  { user, pricedBy }: { user: UserId | undefined; pricedBy: string },
): Promise<SnapshotDay[]> =>
  writeSnapshots(trx, {
    days,
    user,
    with: sql`prices AS (
      SELECT day::date AS day, symbol, price::numeric AS price
      FROM ${unnest('p', { day: 'text', symbol: 'text', price: 'float8' }, prices)}
    ), ${heldOn(trx, user)}`,
    valued: AT_CLOSES,
    hasMovedOn: sql`false`,
    pricedBy,
  });

async function tellOthers(ctx: Context, { others, unpriced }: ClosingPrices): Promise<void> {
  if (unpriced > 0) await ctx.io.say(`Passed over ${pluralize(unpriced, 'row')} without a close.`);
  if (others.count > 0)
    await ctx.io.say(
      `Nobody held ${pluralize(others.count, 'symbol')} of the file: ${someOf(others.named)}.`,
    );
}

const NAMED_DAYS = 5;

/** Which days lack prices, and of which symbols, for people. */
function lacking(incomplete: readonly SnapshotDay[]): string[] {
  if (incomplete.length === 0) return [];
  const symbols = [...new Set(incomplete.flatMap(({ unpriced }) => unpriced))].sort();
  const days = incomplete.map(({ day }) => day);
  return [
    `${pluralize(days.length, 'day')} without a price of ${someOf(symbols, NAMED_DAYS)}: ${someOf(days, NAMED_DAYS)}.`,
  ];
}

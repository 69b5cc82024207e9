import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../context.ts';
import { type Instant, instant } from '../domain/instant.ts';
import { SETTINGS } from '../platform/config/settings.ts';
import { hasStep, type Schema, type Source } from '../platform/postgres/schema-phase.ts';
import { startOfDay } from '../util/time.ts';

/** The times that risk rules depend on, in UTC. */
export interface TradingDay {
  /** By the clock of the database: the clock of a client decides nothing. */
  now: Instant;
  /** When the trading day began. */
  dayStart: Instant;
  /** A mark from a quote before this time is stale. */
  staleBefore: Instant;
}

/** The row of `pinnacle_settings` with the time zone of the trading day, and the step of phase 4 that creates the table. */
export const TIME_ZONE_SETTING = 'trading_time_zone';
export const SETTINGS_SINCE_STEP = 2;

/** SQL for the trading day of this moment, a date, by the clock and the time zone of the database; needs that step. */
export const TODAY = sql<string>`(clock_timestamp() AT TIME ZONE ${storedZone()})::date`;

/** SQL for the time zone of the trading day, as the database has it. */
export const tradingZone = (schema: Schema): RawBuilder<string> =>
  hasStep(schema, SETTINGS_SINCE_STEP) ? storedZone() : sql`${SETTINGS.timeZone.fallback}::text`;

/** The time zone of the trading day, as the database has it. */
export async function readTradingZone(source: Source): Promise<string> {
  const { rows } = await sql<{ zone: string }>`SELECT ${tradingZone(source)} AS zone`.execute(source.db);
  return rows[0]?.zone ?? SETTINGS.timeZone.fallback;
}

/** The trading day of this moment, YYYY-MM-DD, by the clock and the time zone of the database. */
export async function tradingDate(source: Source): Promise<string> {
  const { rows } = await sql<{ today: string }>`
    SELECT to_char(clock_timestamp() AT TIME ZONE ${tradingZone(source)}, 'YYYY-MM-DD') AS today`.execute(
    source.db,
  );
  return rows[0]?.today ?? '';
}

/** SQL for the time that the clocks of the trading day show at a UTC timestamp. An interval needs no look-up as a name does. */
export const localTime = (at: RawBuilder<unknown>, schema: Schema): RawBuilder<unknown> =>
  sql`(${at} AT TIME ZONE interval '0' AT TIME ZONE ${tradingZone(schema)})`;

/** SQL for the moment at which a trading day begins, a UTC timestamp. */
export const beginOf = (day: RawBuilder<unknown>, schema: Schema): RawBuilder<unknown> =>
  sql`((${day})::timestamp AT TIME ZONE ${tradingZone(schema)} AT TIME ZONE 'UTC')`;

function storedZone() {
  return sql<string>`coalesce(
  (SELECT value FROM pinnacle_settings WHERE name = ${TIME_ZONE_SETTING}), ${SETTINGS.timeZone.fallback})`;
}

/**
 * The times at this moment, by the clock and the time zone of the database and the setting market.staleAfter. What a
 * client is configured with does not move the day.
 */
export async function tradingDayOf(ctx: Pick<Context, 'source' | 'config'>): Promise<TradingDay> {
  return (await tradingDayWith(ctx, sql`NULL`)).clock;
}

/** The same with the value of another expression, read by the same statement. */
export async function tradingDayWith<T>(
  ctx: Pick<Context, 'source' | 'config'>,
  also: RawBuilder<T>,
): Promise<{ clock: TradingDay; value: T }> {
  const source = await ctx.source();
  const zone = hasStep(source, SETTINGS_SINCE_STEP)
    ? sql`(SELECT value FROM pinnacle_settings WHERE name = ${TIME_ZONE_SETTING})`
    : sql`NULL::text`;
  const { rows } = await sql<{ now: Instant; zone: string | null; value: T }>`
    SELECT clock_timestamp()::timestamp AS now, ${zone} AS zone, ${also} AS value`.execute(source.db);
  const [row] = rows;
  if (!row) throw new Error('a statement without FROM gives one row');
  const { market } = await ctx.config();
  const at = new Date(row.now);
  const clock = {
    now: row.now,
    dayStart: instant(startOfDay(at, row.zone ?? SETTINGS.timeZone.fallback)),
    staleBefore: instant(new Date(at.getTime() - market.staleAfterMs)),
  };
  return { clock, value: row.value };
}

import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { InstrumentRow } from '../../domain/scrip-master.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/** Whose file instruments come from: what it does not have, a row that is there keeps. */
export type MasterFormat = 'angelone' | 'nse';

const TYPES = {
  exchange: 'text',
  trading_symbol: 'text',
  symbol: 'text',
  token: 'text',
  name: 'text',
  isin: 'text',
  series: 'text',
  kind: 'text',
  lot: 'int',
  tick: 'numeric',
  freeze_quantity: 'int',
  expiry: 'text',
  strike: 'numeric',
} as const;

/** The values that a row gets, from a file `g` and from the row `i` that is there, if one is. */
const MERGED = {
  // The broker has the numbers; a full name and the ISIN are in the list of the exchange alone.
  angelone: sql`g.symbol, g.token, CASE WHEN i.isin IS NULL THEN g.name ELSE i.name END AS name, i.isin, g.series, g.kind,
    g.lot, g.tick, g.freeze_quantity, g.expiry::date AS expiry, g.strike`,
  nse: sql`g.symbol, coalesce(i.token, '') AS token, g.name, g.isin, g.series, g.kind,
    i.lot, i.tick, i.freeze_quantity, i.expiry, i.strike`,
} as const;

const VALUES = sql`symbol, token, name, isin, series, kind, lot, tick, freeze_quantity, expiry, strike`;

/** How many rows a block added and changed; rows that are as they were are not written. */
export interface Written {
  added: number;
  changed: number;
}

/**
 * Writes rows of a file, each trading symbol of an exchange once, by one statement, or two where the file has tokens: a
 * token that another instrument had is taken from it first.
 */
export async function writeInstruments(
  { db }: Trx,
  format: MasterFormat,
  rows: readonly InstrumentRow[],
): Promise<Written> {
  const given = unnest('g', TYPES, rows);
  if (format === 'angelone')
    await sql`UPDATE instruments i SET token = '' FROM ${given}
      WHERE i.exchange = g.exchange AND i.token = g.token AND i.token <> '' AND i.trading_symbol <> g.trading_symbol`.execute(
      db,
    );
  const written = await sql<Written>`
    WITH differing AS (
      SELECT g.exchange, g.trading_symbol, m.*
      FROM ${given} LEFT JOIN instruments i ON i.exchange = g.exchange AND i.trading_symbol = g.trading_symbol
        CROSS JOIN LATERAL (SELECT ${MERGED[format]}) m
      WHERE i.listed IS NOT TRUE
        OR (i.symbol, i.token, i.name, i.isin, i.series, i.kind, i.lot, i.tick, i.freeze_quantity, i.expiry, i.strike)
          IS DISTINCT FROM (m.symbol, m.token, m.name, m.isin, m.series, m.kind, m.lot, m.tick, m.freeze_quantity, m.expiry, m.strike)
    ), written AS (
      INSERT INTO instruments (exchange, trading_symbol, ${VALUES})
      SELECT exchange, trading_symbol, ${VALUES} FROM differing
      ON CONFLICT (exchange, trading_symbol) DO UPDATE SET (${VALUES}, listed, seen_at) =
        (excluded.symbol, excluded.token, excluded.name, excluded.isin, excluded.series, excluded.kind, excluded.lot,
          excluded.tick, excluded.freeze_quantity, excluded.expiry, excluded.strike, true, now())
      RETURNING (xmax = 0) AS is_added
    )
    SELECT count(*) FILTER (WHERE is_added)::int AS added, count(*) FILTER (WHERE NOT is_added)::int AS changed
    FROM written`.execute(db);
  return written.rows[0] ?? { added: 0, changed: 0 };
}

/** What a file had of each exchange: trading symbols. */
export type WholeFile = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Marks what a whole file no longer has of an exchange as not listed. Returns how many, and the exchanges of which more than
 * half would be: that file is no whole one, and nothing of it is marked.
 */
export async function markUnlisted(
  { db }: Trx,
  seen: WholeFile,
): Promise<{ unlisted: number; partial: string[] }> {
  const partial: string[] = [];
  let unlisted = 0;
  for (const [exchange, symbols] of seen) {
    const whole = [...symbols].map((trading_symbol) => ({ trading_symbol }));
    // Hashed once, also inside of a count, where NOT EXISTS would be asked anew for each row.
    const missing = sql`i.exchange = ${exchange} AND i.listed AND i.token <> '' AND i.trading_symbol::text NOT IN (
      SELECT s.trading_symbol FROM ${unnest('s', { trading_symbol: 'text' }, whole)})`;
    const { rows } = await sql<{ missing: number; listed: number }>`
      SELECT count(*) FILTER (WHERE ${missing})::int AS missing, count(*)::int AS listed
      FROM instruments i WHERE i.exchange = ${exchange} AND i.listed AND i.token <> ''`.execute(db);
    const [count] = rows;
    if (!count || count.missing === 0) continue;
    if (count.missing * 2 > count.listed) partial.push(exchange);
    else {
      await sql`UPDATE instruments i SET listed = false, seen_at = now() WHERE ${missing}`.execute(db);
      unlisted += count.missing;
    }
  }
  return { unlisted, partial };
}

import { sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import type { InstrumentRow } from '../../domain/scrip-master.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { INSTRUMENTS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { notFound } from '../../util/failure.ts';
import { plainUpperCase, shellWord } from '../../util/text.ts';
import { meantFirst } from './find-instrument.ts';

/** An instrument as it is known: rupees as decimal text, the expiry as YYYY-MM-DD. */
export type Instrument = InstrumentRow & { listed: boolean; seen_at: Instant };

const COLUMNS = sql`exchange, symbol, trading_symbol, token, name, isin, series, kind, lot, tick, freeze_quantity,
  to_char(expiry, 'YYYY-MM-DD') AS expiry, strike, listed, seen_at`;

/**
 * The instruments of a symbol, with its series or without, the one that an order means first in each exchange. Throws
 * INSTRUMENT_NOT_FOUND.
 */
export async function instrumentsOf(
  source: Source,
  symbol: TradingSymbol,
  exchange: string | undefined,
): Promise<Instrument[]> {
  needStep(source, INSTRUMENTS_SINCE_STEP);
  const { rows } = await sql<Instrument>`SELECT ${COLUMNS} FROM instruments
    WHERE (symbol = ${symbol} OR upper(trading_symbol) = ${symbol} AND symbol = ANY(${[symbol, symbol.replace(/-\w{1,3}$/, '')]}))
      AND exchange = coalesce(${exchange ?? null}, exchange)
    ORDER BY exchange, ${meantFirst()}`.execute(source.db);
  if (rows.length === 0)
    throw notFound('instrument', symbol, `Run: pinnacle instrument search ${shellWord(symbol.slice(0, 3))}`);
  return rows;
}

interface Query {
  text: string;
  exchange: string | undefined;
  limit: number;
}

/** The instruments whose symbol or name has a text in it, or that have it as their ISIN; the closest first. */
export async function searchInstruments(
  source: Source,
  { text, exchange, limit }: Query,
): Promise<Instrument[]> {
  needStep(source, INSTRUMENTS_SINCE_STEP);
  const wanted = plainUpperCase(text.trim());
  const { rows } = await sql<Instrument>`SELECT ${COLUMNS} FROM instruments
    WHERE (strpos(upper(trading_symbol), ${wanted}) > 0 OR strpos(upper(name), ${wanted}) > 0 OR isin = ${wanted})
      AND exchange = coalesce(${exchange ?? null}, exchange)
    ORDER BY NOT listed, symbol <> ${wanted}, strpos(symbol, ${wanted}) <> 1, strpos(symbol, ${wanted}) = 0,
      length(symbol), exchange, ${meantFirst()} LIMIT ${limit}`.execute(source.db);
  return rows;
}

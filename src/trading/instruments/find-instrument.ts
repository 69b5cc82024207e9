import { sql } from 'kysely';
import type { BrokerInstrument } from '../../domain/broker.ts';
import { SHARE_SERIES } from '../../domain/exchanges.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { hasStep, INSTRUMENTS_SINCE_STEP, type Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/** What an order names: our symbol, without series, and the exchange. */
export interface Named {
  symbol: TradingSymbol;
  exchange: string;
}

/**
 * The instruments that orders mean, in the order of what was asked, by one statement. Of several series of a share the
 * first of EQ, BE, BZ … is meant, and one that the last file still had. A symbol that no master knows is itself at BSE and
 * in derivatives, SYMBOL-EQ at NSE, with the token ''.
 */
export async function findInstruments(source: Source, asked: readonly Named[]): Promise<BrokerInstrument[]> {
  const found = await readInstruments(source, asked);
  return asked.map((named) => found.get(keyOf(named)) ?? unknownInstrument(named));
}

/** The instruments of tokens at the broker, which are unique within an exchange alone; those that no file has are left out. */
export async function findByTokens(
  source: Source,
  asked: readonly { exchange: string; token: string }[],
): Promise<BrokerInstrument[]> {
  if (asked.length === 0 || !hasStep(source, INSTRUMENTS_SINCE_STEP)) return [];
  const { rows } = await sql<BrokerInstrument>`
    SELECT i.symbol, i.exchange, i.trading_symbol AS "tradingSymbol", i.token
    FROM ${unnest('a', { exchange: 'text', token: 'text' }, asked)}
    JOIN instruments i ON i.exchange = a.exchange AND i.token = a.token AND i.token <> ''`.execute(source.db);
  return rows;
}

/** How our symbol and the exchange stand in a map. */
const keyOf = ({ exchange, symbol }: Named) => `${exchange}\n${symbol}`;

/** An instrument that no master knows, with the name that a broker is likely to know it by. */
const unknownInstrument = ({ symbol, exchange }: Named): BrokerInstrument => ({
  symbol,
  exchange,
  tradingSymbol: exchange === 'NSE' ? `${symbol}-EQ` : symbol,
  token: '',
});

async function readInstruments(
  source: Source,
  asked: readonly Named[],
): Promise<Map<string, BrokerInstrument>> {
  if (asked.length === 0 || !hasStep(source, INSTRUMENTS_SINCE_STEP)) return new Map();
  const distinct = [...new Map(asked.map((named) => [keyOf(named), named])).values()];
  const { rows } = await sql<BrokerInstrument>`
    SELECT i.symbol, i.exchange, i.trading_symbol AS "tradingSymbol", i.token
    FROM ${unnest('a', { exchange: 'text', symbol: 'text' }, distinct)} CROSS JOIN LATERAL (
      SELECT symbol, exchange, trading_symbol, token FROM instruments
      WHERE symbol = a.symbol AND exchange = a.exchange ORDER BY ${meantFirst()} LIMIT 1
    ) i`.execute(source.db);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

/** The order of rows of `instruments` with one symbol and exchange: the one that an order means comes first. */
export const meantFirst = () =>
  sql`NOT listed, array_position(${`{${SHARE_SERIES.join(',')}}`}::text[], series::text) NULLS LAST, trading_symbol`;

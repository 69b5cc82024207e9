import { sql } from 'kysely';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { resolveAliases, type SymbolAlias } from '../../domain/symbol-aliases.ts';
import { ALIASES_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { TODAY } from '../trading-day.ts';

/** An alias, and whether its day has come: by the clock and the time zone of the database. */
export interface StoredAlias extends SymbolAlias {
  /** The trading day from which the new name is valid, YYYY-MM-DD; null: always. */
  from_date: string | null;
  in_force: boolean;
}

/** Every alias by its old name; none where the schema lacks them. */
export async function readAliases(source: Source): Promise<StoredAlias[]> {
  if (!hasStep(source, ALIASES_SINCE_STEP)) return [];
  const { rows } = await sql<StoredAlias>`
    SELECT a.old_symbol, a.new_symbol, to_char(a.from_date, 'YYYY-MM-DD') AS from_date,
      coalesce(a.from_date <= ${TODAY}, true) AS in_force
    FROM symbol_aliases a ORDER BY a.old_symbol`.execute(source.db);
  return rows;
}

/** What each old name means by the aliases that are in force. */
export async function readMeanings(source: Source): Promise<Map<TradingSymbol, TradingSymbol>> {
  return resolveAliases((await readAliases(source)).filter(({ in_force }) => in_force));
}

/** How many users have orders under each of these symbols; those without any are left out. */
export async function countBooked(
  { db }: Source,
  symbols: readonly TradingSymbol[],
): Promise<Map<TradingSymbol, number>> {
  const { rows } = await sql<{ symbol: TradingSymbol; users: number }>`
    SELECT symbol, count(DISTINCT user_id)::int AS users FROM orders WHERE symbol = ANY(${[...symbols]}) GROUP BY symbol`.execute(
    db,
  );
  return new Map(rows.map(({ symbol, users }) => [symbol, users]));
}

import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { pluralize, shellWord } from '../../util/text.ts';
import { readMeanings } from './aliases.ts';

/** The names under which the rows of a file are booked. */
export interface Renaming {
  /** The name that a symbol has by the aliases in force. */
  meaningOf: (symbol: TradingSymbol) => TradingSymbol;
  /** The same for a row of the file, which is counted. */
  rename: (symbol: TradingSymbol) => TradingSymbol;
  /** What was renamed, if anything was. */
  notes: () => string[];
  /** The other names of symbols that are the last ones. */
  oldNamesOf: (symbols: Iterable<TradingSymbol>) => TradingSymbol[];
}

/** Reads which symbols have a new name that is in force. */
export async function openRenaming(source: Source): Promise<Renaming> {
  return renamingBy(await readMeanings(source));
}

/** Renames by what each old name means. */
export function renamingBy(meanings: ReadonlyMap<TradingSymbol, TradingSymbol>): Renaming {
  const renamed = new Map<TradingSymbol, number>();
  const meaningOf = (symbol: TradingSymbol) => meanings.get(symbol) ?? symbol;
  return {
    meaningOf,
    rename(symbol) {
      const meaning = meaningOf(symbol);
      if (meaning !== symbol) renamed.set(symbol, (renamed.get(symbol) ?? 0) + 1);
      return meaning;
    },
    notes: () =>
      [...renamed].map(
        ([symbol, rows]) =>
          `Renamed by alias: ${pluralize(rows, 'row')} of ${symbol}, which is ${meaningOf(symbol)} now.`,
      ),
    oldNamesOf(symbols) {
      const last = new Set(symbols);
      return [...meanings].filter(([, meaning]) => last.has(meaning)).map(([symbol]) => symbol);
    },
  };
}

/** Says how to move what a user has booked under old names of these symbols, which does not meet what is booked now. */
export async function noteUnmerged(
  source: Source,
  userId: UserId,
  { oldNamesOf, meaningOf }: Renaming,
  symbols: Iterable<TradingSymbol>,
): Promise<string[]> {
  const old = oldNamesOf(symbols);
  if (old.length === 0) return [];
  const { rows } = await sql<{ symbol: TradingSymbol }>`
    SELECT DISTINCT symbol FROM orders WHERE user_id = ${userId} AND symbol = ANY(${old}) ORDER BY symbol`.execute(
    source.db,
  );
  return rows.map(
    ({ symbol }) =>
      `${userId} has orders under ${symbol}, the old name of ${meaningOf(symbol)}. Run: pinnacle position merge-symbol ${shellWord(symbol)} --user ${userId}`,
  );
}

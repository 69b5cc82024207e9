import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Mark } from '../ledger/mark-positions.ts';

/** A symbol of open positions without a price in the cache, and why. */
export interface Unmarked {
  symbol: TradingSymbol;
  positions: number;
  problem: string;
}

/** The marks from the cache for the symbols of all open positions, and the symbols without one. */
export async function marksFromQuotes(ctx: Context): Promise<{ marks: Mark[]; unmarked: Unmarked[] }> {
  const held = await findHeld(await ctx.db());
  if (held.length === 0) return { marks: [], unmarked: [] };
  const { readQuotes } = await import('../quotes/store.ts');
  const symbols = held.map(({ symbol }) => symbol);
  const readings = await readQuotes(await ctx.redis('market'), symbols, ctx.now());
  const marks: Mark[] = [];
  const unmarked: Unmarked[] = [];
  for (const [i, each] of held.entries()) {
    const { quote, unreadable } = readings[i] ?? {};
    if (quote) marks.push({ symbol: each.symbol, price: quote.ltp, marked_at: quote.timestamp });
    else unmarked.push({ ...each, problem: unreadable ?? 'not in the cache' });
  }
  return { marks, unmarked };
}

async function findHeld(db: Kysely<Database>): Promise<{ symbol: TradingSymbol; positions: number }[]> {
  const { rows } = await sql<{ symbol: TradingSymbol; positions: number }>`
    SELECT symbol, count(*)::int AS positions FROM positions WHERE status = 'OPEN'
    GROUP BY symbol ORDER BY symbol COLLATE "C"`.execute(db);
  return rows;
}

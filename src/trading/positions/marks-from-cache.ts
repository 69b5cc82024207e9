import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Quote } from '../../domain/quote.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Mark } from '../ledger/mark-positions.ts';

/** A symbol of open positions without a price in the cache, and why. */
export interface Unmarked {
  symbol: string;
  positions: number;
  problem: string;
}

/** The marks from the cache for the symbols of all open positions, and the symbols without one. */
export async function marksFromQuotes(ctx: Context): Promise<{ marks: Mark[]; unmarked: Unmarked[] }> {
  const held = await findHeld(await ctx.db());
  if (held.length === 0) return { marks: [], unmarked: [] };
  const { readQuotes } = await import('../quotes/store.ts');
  const symbols = held.map(({ symbol }) => symbol);
  const readings = await readQuotes(await ctx.redis(), symbols, ctx.now());
  const quotes = readings.flatMap((reading) => (reading?.quote ? [reading.quote] : []));
  return {
    marks: quotes.map(asMark),
    unmarked: held.flatMap((each, i) => {
      if (readings[i]?.quote) return [];
      return [{ ...each, problem: readings[i]?.unreadable ?? 'not in the cache' }];
    }),
  };
}

const asMark = ({ symbol, ltp, timestamp }: Quote): Mark => ({ symbol, price: ltp, marked_at: timestamp });

async function findHeld(db: Kysely<Database>): Promise<{ symbol: string; positions: number }[]> {
  const { rows } = await sql<{ symbol: string; positions: number }>`
    SELECT symbol, count(*)::int AS positions FROM positions WHERE status = 'OPEN'
    GROUP BY symbol ORDER BY symbol COLLATE "C"`.execute(db);
  return rows;
}

import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { doubtOfPrice, doubtOfQuote } from '../../domain/doubts.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { shellWord } from '../../util/text.ts';
import type { Mark } from '../ledger/mark-positions.ts';
import { knownMarks } from '../quotes/known-prices.ts';

/** A symbol of open positions that is not marked, and why. */
export interface Unmarked {
  symbol: TradingSymbol;
  positions: number;
  problem: string;
}

/**
 * The marks from the cache for the symbols of all open positions, and the symbols without one or with one that is probably a
 * mistake: nobody looks at them before they move the drawdown of sessions.
 */
export async function marksFromQuotes(ctx: Context): Promise<{ marks: Mark[]; unmarked: Unmarked[] }> {
  const held = await findHeld(await ctx.source());
  if (held.length === 0) return { marks: [], unmarked: [] };
  const { readQuotes } = await import('../quotes/store.ts');
  const symbols = held.map(({ symbol }) => symbol);
  const readings = await readQuotes(await ctx.redis('market'), symbols, ctx.now());
  const [known, { guard }] = await Promise.all([knownMarks(ctx, symbols), ctx.config()]);
  const marks: Mark[] = [];
  const unmarked: Unmarked[] = [];
  for (const [i, { acted_at, ...each }] of held.entries()) {
    const { quote, unreadable } = readings[i] ?? {};
    if (quote && acted_at !== null && isBefore(quote.timestamp, acted_at))
      unmarked.push({ ...each, problem: `its quote of ${quote.timestamp} is of before a corporate action` });
    else if (quote) {
      const { symbol } = each;
      const { ltp: price, timestamp } = quote;
      const doubt =
        doubtOfQuote(quote, undefined, guard) ??
        doubtOfPrice({ price, at: timestamp }, known.get(symbol), guard)[0];
      if (doubt === undefined) marks.push({ symbol, price, marked_at: timestamp });
      else
        unmarked.push({
          ...each,
          problem: `its quote is probably wrong: ${doubt}; at a price that you know, run pinnacle position mark ${shellWord(symbol)}=PRICE`,
        });
    } else unmarked.push({ ...each, problem: unreadable ?? 'not in the cache' });
  }
  return { marks, unmarked };
}

interface Held {
  symbol: TradingSymbol;
  positions: number;
  /** Since when the latest corporate action that moved one of them is in force. */
  acted_at: Instant | null;
}

async function findHeld(source: Source): Promise<Held[]> {
  const acted = hasStep(source, ACTIONS_SINCE_STEP)
    ? sql`SELECT position_id, max(effective_at) AS at FROM corporate_action_effects
      WHERE reversed_at IS NULL AND (shares <> 0 OR cost <> 0) GROUP BY position_id`
    : sql`SELECT NULL AS position_id, NULL::timestamp AS at WHERE false`;
  const { rows } = await sql<Held>`
    SELECT p.symbol, count(*)::int AS positions, max(a.at) AS acted_at
    FROM positions p LEFT JOIN (${acted}) a ON a.position_id = p.position_id WHERE p.status = 'OPEN'
    GROUP BY p.symbol ORDER BY p.symbol COLLATE "C"`.execute(source.db);
  return rows;
}

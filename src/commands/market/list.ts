import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import { page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import type { Reading } from '../../domain/quote.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { findSymbols, readQuotes } from '../../trading/quotes/store.ts';
import { quoteFields, type Shown, show } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  args: {},
  flags: { stale: toggle('only quotes that are stale'), ...pageFlags },
  fields: quoteFields,
  madeBy: 'market set',
  examples: ['market list', 'market list --stale --all --json symbol,age_seconds'],
  details: `A quote older than market.staleAfter is stale. A malformed entry has no price; the column unreadable
shows why.`,
  async run(input, ctx: Context) {
    const [redis, { market }, now] = [await ctx.redis('market'), await ctx.config(), ctx.now()];
    const symbols = await findSymbols(redis);
    return page(
      input,
      ctx.io,
      async (limit, after) => {
        const rows: Shown[] = [];
        for await (const reading of readingsBehind(redis, symbols, after?.[0] ?? '', now)) {
          const row = show(reading, now, market.staleAfterMs);
          if (!input.stale || row.stale) rows.push(row);
          if (rows.length === limit) break;
        }
        return rows;
      },
      (row) => [String(row.symbol)],
    );
  },
});

const BATCH_SYMBOLS = 1_000;

async function* readingsBehind(
  redis: RedisConnection,
  symbols: readonly string[],
  after: string,
  now: Date,
): AsyncGenerator<Reading> {
  const rest = symbols.filter((symbol) => symbol > after);
  for (let from = 0; from < rest.length; from += BATCH_SYMBOLS) {
    const readings = await readQuotes(redis, rest.slice(from, from + BATCH_SYMBOLS), now);
    yield* readings.filter((reading) => reading !== undefined);
  }
}

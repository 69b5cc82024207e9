import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from '../../cli/command.ts';
import { duration, integer, interval, many, optional, parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import type { Reading } from '../../domain/quote.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import type { ReconnectingRedis } from '../../projection/reconnecting.ts';
import { findSymbols, readQuotes } from '../../trading/quotes/store.ts';
import { quoteFields, type Shown, show } from './fields.ts';

const RESCAN_MS = 10_000;

export const watch = defineCommand({
  effect: 'read',
  live: {},
  args: { symbols: many(parsed(tradingSymbol, 'SYMBOL', 'the symbols (default: all)')) },
  flags: {
    interval: withDefault(interval('the polling interval', 50), '1s'),
    for: optional(duration('end after this long')),
    count: optional(integer('N', 'end after this many lines')),
  },
  fields: quoteFields,
  examples: ['market watch TCS INFY', 'market watch --interval 250ms --for 1m --json symbol,ltp,timestamp'],
  details: `Shows one line for each quote now and one for each change; with --json, one object per line. Without SYMBOL it looks for new
symbols every 10 seconds. While Redis is unreachable it waits. Ends by Ctrl-C, --for or --count.`,
  async run(input, ctx: Context) {
    const { openReconnecting } = await import('../../projection/reconnecting.ts');
    return changes(input, await openReconnecting(ctx, 'market'), ctx);
  },
});

interface Input {
  symbols: string[];
  interval: number;
  for: number | undefined;
  count: number | undefined;
}

async function* changes(input: Input, connection: ReconnectingRedis, ctx: Context): AsyncGenerator<Shown> {
  const { staleAfterMs } = (await ctx.config()).market;
  const differing = differ();
  const symbolsOf = lookup(input.symbols);
  const end = performance.now() + (input.for ?? Number.POSITIVE_INFINITY);
  let left = input.count ?? Number.POSITIVE_INFINITY;
  try {
    for (;;) {
      const readings = await connection.call(async (redis) => {
        const symbols = await symbolsOf(redis);
        const found = await readQuotes(redis, symbols, ctx.now());
        return new Map(symbols.map((symbol, i) => [symbol, found[i]]));
      });
      for (const reading of differing(readings ?? new Map())) {
        yield show(reading, ctx.now(), staleAfterMs);
        if (--left === 0) return;
      }
      const rest = end - performance.now();
      if (rest <= 0) return;
      await sleep(Math.min(input.interval, rest), undefined, { signal: ctx.signal });
    }
  } finally {
    connection.close();
  }
}

/** The watched symbols: those named, or all in the cache, read again at intervals. */
function lookup(named: readonly string[]): (redis: RedisConnection) => Promise<readonly string[]> {
  let [known, since]: [readonly string[], number] = [[...new Set(named)], 0];
  return async (redis) => {
    if (named.length > 0 || (since > 0 && performance.now() - since < RESCAN_MS)) return known;
    [known, since] = [await findSymbols(redis), performance.now()];
    return known;
  };
}

/** Returns a function that yields the readings changed since its last call; a removed quote is unreadable. */
function differ(): (readings: ReadonlyMap<string, Reading | undefined>) => Reading[] {
  const before = new Map<string, string>();
  return (readings) =>
    [...readings].flatMap(([symbol, found]) => {
      if (!found && !before.has(symbol)) return [];
      const reading = found ?? { symbol, unreadable: 'gone' };
      const now = JSON.stringify(reading);
      if (before.get(symbol) === now) return [];
      before.set(symbol, now);
      return [reading];
    });
}

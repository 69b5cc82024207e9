import { countPending } from '../../audit/outbox.ts';
import { readUnsealedEnd } from '../../audit/seal-store.ts';
import type { Context } from '../../context.ts';
import type { Reading } from '../../domain/quote.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { reconnecting } from '../../projection/reconnecting.ts';
import { readQuotes } from '../../trading/quotes/store.ts';
import { tradingDayOf } from '../../trading/trading-day.ts';
import { inTime, LATE } from '../../util/in-time.ts';
import { watchReplicas } from '../health/replica-lag.ts';
import type { Choice, Lags, Overview } from './overview.ts';
import { readOverview } from './read-overview.ts';

/** The day at one moment, and what it could not be told: `redis` says why quotes are missing. */
export interface Look {
  overview: Overview;
  lags: Lags;
  redis: string | undefined;
}

/** A look waits no longer for Redis. */
const QUOTES_MS = 1_000;
/** Replicas are asked less often: each has a second to answer. */
const REPLICAS_MS = 10_000;

/**
 * A reader of the day that can be asked again and again: it keeps its connections, finds the database and Redis again once they are back,
 * and asks for nothing again that this login may not read. A look takes at most six statements.
 */
export function openDay(ctx: Context): { read: (choice: Choice) => Promise<Look>; close: () => void } {
  const ifAllowed = allowed();
  const quotes = openQuotes(ctx);
  const replicas = openReplicaStates(ctx);
  return {
    close: quotes.close,
    async read(choice) {
      const source = await ctx.source();
      const overview = await readOverview(source, await tradingDayOf(ctx), choice);
      const [outbox, unsealed, states, found] = await Promise.all([
        ifAllowed('outbox', () => countPending(source.db)),
        ifAllowed('seals', () => readUnsealedEnd(source.db)),
        replicas(),
        quotes.read(overview.symbols),
      ]);
      return {
        overview,
        lags: { outbox, unsealed, replicas: states, quotes: found },
        redis: quotes.problem(),
      };
    },
  };
}

/** Runs a reader, but not again once the login turned out to have no right to it: then null. */
function allowed() {
  const denied = new Set<string>();
  return async <T>(name: string, read: () => Promise<T>): Promise<T | null> => {
    if (denied.has(name)) return null;
    try {
      return await read();
    } catch (error) {
      if (!isPermissionDenied(error)) throw error;
      denied.add(name);
      return null;
    }
  };
}

function openReplicaStates(ctx: Context): () => Promise<Lags['replicas']> {
  let [states, since]: [Lags['replicas'], number] = [[], Number.NEGATIVE_INFINITY];
  let opened: ReturnType<typeof watchReplicas> | undefined;
  return async () => {
    if (performance.now() - since < REPLICAS_MS) return states;
    opened ??= watchReplicas(ctx, 0);
    [states, since] = [await (await opened)(), performance.now()];
    return states;
  };
}

function openQuotes(ctx: Context) {
  let problem: string | undefined;
  let asked: Promise<(Reading | undefined)[] | undefined> | undefined;
  const cache = reconnecting(ctx, 'market', (message) => {
    problem = message;
  });
  return {
    problem: () => problem,
    close: cache.close,
    async read(symbols: readonly string[]): Promise<Lags['quotes']> {
      if (!(await ctx.config()).redis) return null;
      asked ??= cache
        .call((redis) => readQuotes(redis, symbols, ctx.now()))
        .finally(() => {
          asked = undefined;
        });
      const readings = await inTime(asked, QUOTES_MS);
      if (readings === LATE) problem = 'It has not answered yet.';
      if (readings === undefined || readings === LATE) return null;
      problem = undefined;
      const times = readings.flatMap((reading) => (reading?.quote ? [reading.quote.timestamp] : [])).sort();
      return {
        symbols: symbols.length,
        found: times.length,
        oldest: times[0] ?? null,
        newest: times.at(-1) ?? null,
      };
    },
  };
}

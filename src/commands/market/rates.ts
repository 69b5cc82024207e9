import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from '../../cli/command.ts';
import { duration, withDefault } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Reading } from '../../domain/quote.ts';
import { ageOf } from '../../domain/quote.ts';
import { findSymbols, readQuotes } from '../../trading/quotes/store.ts';
import { isForPerson } from '../_shared/totals.ts';

const POLL_MS = 250;

export const rates = defineCommand({
  effect: 'read',
  args: {},
  flags: { for: withDefault(duration('how long to measure'), '5s') },
  fields: {
    quotes: { type: 'integer' },
    fresh: { type: 'integer' },
    stale: { type: 'integer' },
    unreadable: { type: 'integer' },
    oldest_age_seconds: { type: 'integer', kind: 'seconds' },
    median_age_seconds: { type: 'integer', kind: 'seconds' },
    changed: { type: 'integer' },
    changed_per_second: { type: 'number' },
  },
  examples: ['market rates', 'market rates --for 1m --json'],
  details: `Shows the age of the quotes at the end, and how many changed in the meantime. Quotes are read four times per second: faster
changes of one quote count as four per second. Malformed entries count as unreadable only.`,
  async run(input, ctx: Context) {
    const [redis, { market }] = [await ctx.redis('market'), await ctx.config()];
    const symbols = await findSymbols(redis);
    if (symbols.length === 0 && isForPerson(ctx))
      await ctx.io.say('The cache has no quotes. To make one: pinnacle market set');
    const look = () => readQuotes(redis, symbols, ctx.now());
    const started = performance.now();
    let readings = await look();
    let changed = 0;
    const progress = await startProgress(ctx.io, `looking at ${symbols.length} quotes`);
    try {
      for (let rest = input.for; rest > 0; rest = started + input.for - performance.now()) {
        await sleep(Math.min(POLL_MS, rest), undefined, { signal: ctx.signal });
        const next = await look();
        changed += next.filter((reading, i) => timeOf(reading) !== timeOf(readings[i])).length;
        readings = next;
      }
    } finally {
      progress.stop();
    }
    const seconds = (performance.now() - started) / 1_000;
    const ages = agesOf(readings, ctx.now());
    const stale = ages.filter((age) => age > market.staleAfterMs).length;
    return {
      quotes: ages.length,
      fresh: ages.length - stale,
      stale,
      unreadable: readings.filter((reading) => reading?.unreadable !== undefined).length,
      oldest_age_seconds: inSeconds(ages.at(-1)),
      median_age_seconds: inSeconds(ages[Math.floor((ages.length - 1) / 2)]),
      changed,
      changed_per_second: input.for > 0 ? Math.round((changed / seconds) * 100) / 100 : null,
    };
  },
});

/** Identifies one state of a quote, to detect changes. */
const timeOf = (reading: Reading | undefined) =>
  reading?.quote ? `${reading.quote.timestamp} ${reading.quote.ltp}` : reading?.unreadable;

const agesOf = (readings: readonly (Reading | undefined)[], now: Date): number[] =>
  readings
    .flatMap((reading) => (reading?.quote ? [ageOf(reading.quote.timestamp, now)] : []))
    .sort((a, b) => a - b);

const inSeconds = (age: number | undefined): number | null =>
  age === undefined ? null : Math.floor(age / 1_000);

// What goes to Redis and comes back in bulk, as a ratio against one command at a time: `npm run bench:realtime`.

import type { Redis } from 'ioredis';
import { instant } from '../src/domain/instant.ts';
import { type Quote, quoteText, readQuote } from '../src/domain/quote.ts';
import { openRedis, type RedisConnection } from '../src/platform/redis/connect.ts';
import { TTL_SECONDS } from '../src/platform/redis/keys.ts';
import { readQuotes, withoutOlder, writeQuotes } from '../src/trading/quotes/store.ts';
import { startRedis } from '../test/helpers/redis.ts';
import { median, publish } from './publish.ts';

const QUOTES = Number(process.env['QUOTES'] ?? 5_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const NOW = new Date();
const quotes: Quote[] = Array.from({ length: QUOTES }, (_, i) => ({
  symbol: `SYM${i}`,
  ltp: 100 + i / 20,
  timestamp: instant(NOW),
  volume: i,
}));
const symbols = quotes.map(({ symbol }) => symbol);

/** A measure: the same work in two ways, and how many times as fast ours must be where that is demanded. */
const FORM = { timestamp: 'unix', lifetimeMs: TTL_SECONDS.quote * 1_000 } as const;

interface Measure {
  name: string;
  demanded?: number;
  ours: (redis: RedisConnection) => Promise<unknown>;
  oneByOne: (redis: RedisConnection) => Promise<unknown>;
}

const MEASURES: readonly Measure[] = [
  {
    name: `import ${QUOTES} quotes with their lifetimes, none over a newer one`,
    demanded: 8,
    ours: importAll,
    async oneByOne(redis) {
      for (const quote of quotes) await writeQuotes(redis, await withoutOlder(redis, [quote], NOW), FORM);
    },
  },
  {
    name: 'the same against bare SETs, which look at nothing',
    ours: importAll,
    async oneByOne({ client, keys }) {
      for (const quote of quotes)
        await client.set(keys.quote(quote.symbol), quoteText(quote, FORM.timestamp), 'PX', FORM.lifetimeMs);
    },
  },
  {
    name: `read ${QUOTES} quotes back by MGET, as text`,
    demanded: 40,
    async ours({ client, keys }) {
      for (let from = 0; from < QUOTES; from += 1_000)
        await (client as Redis).mget(symbols.slice(from, from + 1_000).map(keys.quote));
    },
    async oneByOne({ client, keys }) {
      for (const symbol of symbols) await client.get(keys.quote(symbol));
    },
  },
  {
    name: 'the same, each understood and checked',
    ours: (redis) => readQuotes(redis, symbols, NOW),
    async oneByOne({ client, keys }) {
      for (const symbol of symbols) readQuote(symbol, (await client.get(keys.quote(symbol))) ?? '', NOW);
    },
  },
];

const server = await startRedis();
const settings = { url: server.url, sentinels: undefined, cluster: undefined, master: '', ca: undefined };
const redis = await openRedis({ ...settings, prefix: '', timeoutMs: 30_000 }, 'bench');
try {
  const rows = [
    '| measure | ms one by one | ms | times as fast | at least |\n| --- | ---: | ---: | ---: | ---: |',
  ];
  for (const measure of MEASURES) {
    const { bare, ours, ratio } = await compare(measure);
    const [before, after] = [bare.toFixed(1), ours.toFixed(1)];
    rows.push(`| ${measure.name} | ${before} | ${after} | ${ratio.toFixed(1)} | ${measure.demanded ?? ''} |`);
    if (ratio < (measure.demanded ?? 0)) process.exitCode = 6;
  }
  publish('realtime', rows.join('\n'));
} finally {
  redis.close();
  await server.stop();
}

async function importAll(redis: RedisConnection): Promise<void> {
  await writeQuotes(redis, await withoutOlder(redis, quotes, NOW), FORM);
}

/** Medians over paired rounds, of which every other begins with the other one; the first is not counted. */
async function compare({ ours, oneByOne }: Measure) {
  const rounds: { bare: number; ours: number }[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const first = round % 2 === 0;
    const [a, b] = [await time(first ? ours : oneByOne), await time(first ? oneByOne : ours)];
    if (round >= 0) rounds.push(first ? { ours: a, bare: b } : { ours: b, bare: a });
  }
  return {
    bare: median(rounds.map((round) => round.bare)),
    ours: median(rounds.map((round) => round.ours)),
    ratio: median(rounds.map((round) => round.bare / round.ours)),
  };
}

async function time(work: Measure['ours']): Promise<number> {
  const started = process.hrtime.bigint();
  await work(redis);
  return Number(process.hrtime.bigint() - started) / 1e6;
}

import type { Redis } from 'ioredis';
import { type Quote, quoteText, type Reading, readQuote, type TimestampForm } from '../../domain/quote.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { errorCodeOf } from '../../platform/redis/errors.ts';
import { repliesOf } from '../../platform/redis/transaction.ts';

const BATCH_KEYS = 1_000;

/** What the cache holds for each symbol, in the same order; undefined if it holds nothing. */
export async function readQuotes(
  { client, keys }: RedisConnection,
  symbols: readonly string[],
  now: Date,
): Promise<(Reading | undefined)[]> {
  const readings: (Reading | undefined)[] = [];
  for (let from = 0; from < symbols.length; from += BATCH_KEYS) {
    const some = symbols.slice(from, from + BATCH_KEYS);
    const names = some.map(keys.quote);
    const texts = await textsOf(client, names);
    const types = await typesOf(
      client,
      names.filter((_name, i) => typeof texts[i] !== 'string'),
    );
    for (const [i, symbol] of some.entries()) {
      const text = texts[i];
      if (typeof text === 'string') readings.push(readQuote(symbol, text, now));
      else {
        // A string by now: it was written between the two queries, and the next call reads it.
        const type = types.get(keys.quote(symbol)) ?? 'none';
        const isOther = type !== 'none' && type !== 'string';
        readings.push(isOther ? { symbol, unreadable: `a ${type}, not a text` } : undefined);
      }
    }
  }
  return readings;
}

/** One MGET on a server; one GET per key on a cluster, where keys are spread over nodes. */
async function textsOf(
  client: RedisConnection['client'],
  keys: readonly string[],
): Promise<(string | null)[]> {
  if (!('nodes' in client)) return client.mget([...keys]);
  return Promise.all(
    keys.map((key) =>
      client.get(key).catch((error) => {
        if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
        return null;
      }),
    ),
  );
}

/** A missing value may be of another type than string; MGET does not distinguish the two. */
async function typesOf(
  client: RedisConnection['client'],
  keys: readonly string[],
): Promise<Map<string, string>> {
  return new Map(await Promise.all(keys.map(async (key) => [key, await client.type(key)] as const)));
}

/** Every symbol in the cache, sorted. */
export async function findSymbols({ keys, scan }: RedisConnection): Promise<string[]> {
  const prefix = keys.quote('');
  const found = new Set<string>();
  for await (const some of scan('market_data:*')) for (const key of some) found.add(key.slice(prefix.length));
  return [...found].sort();
}

/**
 * The quotes that are not older than those in the cache. Another writer may run between this and a write; a quote that
 * overtakes another by milliseconds is kept until the next one.
 */
export async function withoutOlder(
  redis: RedisConnection,
  quotes: readonly Quote[],
  now: Date,
): Promise<Quote[]> {
  const held = await readQuotes(
    redis,
    quotes.map(({ symbol }) => symbol),
    now,
  );
  return quotes.filter(({ timestamp }, i) => timestamp >= (held[i]?.quote?.timestamp ?? ''));
}

/** How quotes are written: settings, because others read them. */
interface QuoteForm {
  timestamp: TimestampForm;
  lifetimeMs: number;
}

/** Writes quotes: atomically on a server, per node on a cluster. */
export async function writeQuotes(
  { client, keys }: RedisConnection,
  quotes: readonly Quote[],
  { timestamp, lifetimeMs }: QuoteForm,
): Promise<void> {
  if ('nodes' in client) {
    for (let from = 0; from < quotes.length; from += BATCH_KEYS)
      await Promise.all(
        quotes
          .slice(from, from + BATCH_KEYS)
          .map((quote) =>
            client.set(keys.quote(quote.symbol), quoteText(quote, timestamp), 'PX', lifetimeMs),
          ),
      );
    return;
  }
  const texts = quotes.map((quote) => quoteText(quote, timestamp));
  const names = quotes.map(({ symbol }) => keys.quote(symbol));
  await client.call('EVAL', [SET_ALL, names.length, ...names, lifetimeMs, ...texts]).catch((error) => {
    // A login may be denied scripts, which take a tenth of the time, but still be allowed to write.
    if (errorCodeOf(error) !== 'NOPERM') throw error;
    return transact(client, names, texts, lifetimeMs);
  });
}

const SET_ALL = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[1]) end";

async function transact(
  client: Redis,
  names: readonly string[],
  texts: readonly string[],
  lifetimeMs: number,
): Promise<void> {
  const all = client.multi();
  for (const [i, name] of names.entries()) all.set(name, texts[i] ?? '', 'PX', lifetimeMs);
  await repliesOf(all);
}

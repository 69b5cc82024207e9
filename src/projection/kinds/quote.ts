import { isOwnQuote } from '../../domain/quote.ts';
import { TTL_SECONDS } from '../../platform/redis/keys.ts';
import type { Kind } from './kind.ts';

/** Quotes of the market, which feeds write and no table has: only their TTL is ours to keep. */
export const quote = {
  purpose: 'market',
  ttlSeconds: TTL_SECONDS.quote,
  retention: 'market_data',
  keys: [{ name: 'market_data', wrote: isOwnQuote }],
  outbox: {},
} as const satisfies Kind;

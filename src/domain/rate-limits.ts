import * as z from 'zod/mini';

/** The methods of a broker that are limited. Placing, modifying and cancelling an order share `order`. */
const LIMITED_METHODS = [
  'login',
  'logout',
  'funds',
  'order',
  'orders',
  'trades',
  'positions',
  'holdings',
  'quotes',
] as const;
export type LimitedMethod = (typeof LIMITED_METHODS)[number];

/** At most `calls` within any `seconds`. */
export interface RateLimit {
  calls: number;
  seconds: number;
}

const SECONDS = { s: 1, m: 60, h: 3_600 } as const;
const FORM = /^([1-9]\d{0,5})\/([smh])$/;

/** The limits that a text such as `10/s 500/m 1000/h` states; undefined for none. */
export function readRateLimit(text: string): RateLimit[] | undefined {
  const limits = text
    .trim()
    .split(/\s+/)
    .map((part) => FORM.exec(part));
  if (limits.some((match) => match === null)) return undefined;
  return limits.map((match) => ({
    calls: Number(match?.[1]),
    seconds: SECONDS[match?.[2] as keyof typeof SECONDS],
  }));
}

/** What the vendor allows for a user; of orders, the figure of the regulator for a second. */
export const DEFAULT_RATE_LIMITS: Readonly<Record<LimitedMethod, string>> = {
  login: '1/s',
  logout: '1/s',
  funds: '2/s',
  order: '10/s 500/m 1000/h',
  orders: '1/s',
  trades: '1/s',
  positions: '1/s',
  holdings: '1/s',
  quotes: '10/s 500/m 5000/h',
};

export type RateLimits = Partial<Record<LimitedMethod, string>>;

const LIMITS_RULE = `must be limits of ${LIMITED_METHODS.join(', ')}, each such as "10/s 500/m 1000/h"`;
const isLimited = (method: string) => (LIMITED_METHODS as readonly string[]).includes(method);

/** The limits that replace the defaults, by method. */
export const rateLimits = z
  .record(z.string(), z.string({ error: LIMITS_RULE }), { error: LIMITS_RULE })
  .check(
    z.refine(
      (limits) =>
        Object.entries(limits).every(
          ([method, text]) => isLimited(method) && readRateLimit(text) !== undefined,
        ),
      { error: LIMITS_RULE },
    ),
  ) as unknown as z.ZodMiniType<RateLimits>;

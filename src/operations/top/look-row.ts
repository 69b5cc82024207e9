import type { Look } from '../overview/open-day.ts';

/** A look as one row: totals, ages and lags as columns, and a table for each part. Counts that this login may not read are null. */
export function lookRow({ overview, lags }: Look) {
  const { at, day, totals, ages, halts, rules, traders, orders, fills, notifications, undelivered } =
    overview;
  const { outbox, unsealed, replicas, quotes } = lags;
  const { traders: trading, ...counts } = totals;
  return {
    at,
    day,
    trading,
    ...counts,
    failing_channels: undelivered.channels,
    dead_alerts: undelivered.dead,
    oldest_order: ages.oldest_order,
    oldest_mark: ages.oldest_mark,
    stale_marks: ages.stale_marks,
    oldest_quote: quotes?.oldest ?? null,
    newest_quote: quotes?.newest ?? null,
    outbox: outbox?.pending ?? null,
    outbox_since: outbox?.oldest ?? null,
    unsealed: unsealed?.count ?? null,
    unsealed_since: unsealed?.since ?? null,
    synced_at: ages.synced?.last ?? null,
    sync_problems: ages.synced?.problems ?? null,
    replicas,
    halted: halts,
    rules,
    traders,
    orders,
    fills,
    notifications,
  };
}

import type { Fields } from '../../cli/result.ts';

export const instrumentFields = {
  exchange: { type: 'text' },
  symbol: { type: 'text' },
  trading_symbol: { type: 'text' },
  token: { type: 'text' },
  name: { type: 'text' },
  isin: { type: 'text', hidden: true },
  series: { type: 'text', hidden: true },
  kind: { type: 'text' },
  lot: { type: 'integer' },
  tick: { type: 'text' },
  freeze_quantity: { type: 'integer' },
  expiry: { type: 'text' },
  strike: { type: 'text' },
  listed: { type: 'boolean', hidden: true },
  seen_at: { type: 'time', hidden: true },
} as const satisfies Fields;

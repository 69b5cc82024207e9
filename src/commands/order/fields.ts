import type { Fields } from '../../cli/result.ts';

export const orderFields = {
  order_id: { type: 'text' },
  user_id: { type: 'text' },
  strategy_id: { type: 'text', minor: true },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  order_type: { type: 'text', minor: true },
  quantity: { type: 'integer' },
  price: { type: 'number', kind: 'price' },
  filled_quantity: { type: 'integer', minor: true },
  filled_price: { type: 'number', kind: 'price', minor: true },
  status: { type: 'text', kind: 'state', vital: true },
  broker_order_id: { type: 'text', hidden: true },
  error_message: { type: 'text', hidden: true },
  retry_count: { type: 'integer', hidden: true },
  created_at: { type: 'time', minor: true },
  updated_at: { type: 'time', hidden: true },
} as const satisfies Fields;

/** The same with what an order names for the broker; absent where nobody read it. */
export const orderWithTerms = {
  ...orderFields,
  product: { type: 'text', hidden: true, optional: true },
  exchange: { type: 'text', hidden: true, optional: true },
  trigger_price: { type: 'number', kind: 'price', hidden: true, optional: true },
} as const satisfies Fields;

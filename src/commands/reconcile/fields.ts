/** A difference of book and broker. */
export const differenceFields = {
  user_id: { type: 'text' },
  class: { type: 'text' },
  severity: { type: 'text' },
  symbol: { type: 'text' },
  product: { type: 'text', minor: true },
  order_id: { type: 'text' },
  broker_order_id: { type: 'text', minor: true },
  broker_fill_id: { type: 'text', hidden: true },
  ours: { type: 'text' },
  theirs: { type: 'text' },
  difference: { type: 'text' },
  suggestion: { type: 'text' },
  repairable: { type: 'boolean', hidden: true },
  applied: { type: 'boolean', minor: true },
} as const;

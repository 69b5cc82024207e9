import { ratioOf } from '../../domain/corporate-actions/ratio.ts';
import type { StoredAction } from './store.ts';

const numberOf = (text: string | null) => (text === null ? null : Number(text));

/** An action as it is printed. */
export const actionRow = ({
  ratio,
  amount,
  cash_price,
  effective_at,
  in_force,
  today,
  ...action
}: StoredAction) => ({
  ...action,
  ratio: ratio ? ratioOf(ratio) : null,
  per_share: numberOf(amount),
  fraction_price: numberOf(cash_price),
  cost_percent: numberOf(action.cost_percent),
  tds_percent: numberOf(action.tds_percent),
});

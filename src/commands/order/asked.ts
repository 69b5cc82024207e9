import { type Fields, Finding } from '../../cli/result.ts';
import type { Asked } from '../../trading/broker/call-broker.ts';
import { orderFields } from './fields.ts';

/** An order, and what the broker made of it. */
export const askedFields = {
  ...orderFields,
  outcome: { type: 'text' },
  detail: { type: 'text' },
} as const satisfies Fields;

/** The same where the broker is asked only with --send. */
export const sendableFields = {
  ...orderFields,
  outcome: { type: 'text', onlyWithFlag: 'send', optional: true },
  detail: { type: 'text', onlyWithFlag: 'send', optional: true },
} as const satisfies Fields;

/** Rows of what was asked: a finding where the broker refused something, did not answer, or nobody knows. */
export function askedRows(asked: readonly Asked[]) {
  const rows = asked.map(({ order, outcome, detail }) => ({ ...order, outcome, detail }));
  const has = (...outcomes: readonly Asked['outcome'][]) =>
    asked.some(({ outcome }) => outcomes.includes(outcome));
  if (has('unknown')) return new Finding(rows, 'unknown');
  if (has('unsent')) return new Finding(rows, 'unreachable');
  return has('refused', 'skipped') ? new Finding(rows) : rows;
}

import { day, optional, parsed, text } from '../../cli/flags.ts';
import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { userId } from '../../domain/id.ts';
import { formatRupees, paymentText } from '../../domain/money.ts';

/** A movement of money; `amount` is that by which the capital rises. */
export const flowFields = {
  flow_id: { type: 'text' },
  user_id: { type: 'text', minor: true },
  kind: { type: 'text' },
  amount: { type: 'money' },
  day: { type: 'text' },
  reference: { type: 'text' },
  reason: { type: 'text' },
  corrects: { type: 'text', hidden: true },
  booked_by: { type: 'text', hidden: true },
  created_at: { type: 'time', hidden: true },
} as const satisfies Fields;

/** The same, and the capital after it. */
export const movedFields = { ...flowFields, total_capital: { type: 'money' } } as const satisfies Fields;

export const ofUser = { user: parsed(userId, 'USER', 'the user') };

/** What is said of money that a user pays in or takes out. */
export const movementArgs = {
  ...ofUser,
  amount: parsed(paymentText, 'AMOUNT', 'rupees, above zero'),
};
export const movementFlags = {
  day: optional(day('the trading day that it counts for (default: today)')),
  reference: optional(
    text('ID', 'what it is known by, such as that of the bank; the same again is the same', 100),
  ),
  reason: optional(text('REASON', 'why', 500)),
};

/** From which trading day to which. */
export const daysFlags = {
  since: optional(day('of this trading day or later')),
  until: optional(day('up to this trading day, included')),
};

/** What was moved, and what the user has since. */
export const moved =
  (done: string) =>
  ({ amount, user_id, total_capital }: RowOf<typeof movedFields>): Answer => ({
    done: `${done} ${formatRupees(String(amount).replace('-', ''))} of ${user_id}, who has ${formatRupees(String(total_capital))}`,
    next: ['user', 'flows', user_id],
  });

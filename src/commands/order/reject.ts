import { defineCommand } from '../../cli/command.ts';
import { parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { changeOrder, lockOrder } from '../../trading/orders/store.ts';
import { orderFields } from './fields.ts';

export const reject = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: { reason: text('REASON', 'what the broker said', 1_000) },
  fields: { ...orderFields, error_message: { type: 'text' } },
  examples: ['order reject ord_01 --reason "margin shortfall"'],
  details:
    'For an order of which nothing is filled. The trader is notified. Rejecting a rejected order changes nothing.',
  async run({ order, reason }, ctx: Context) {
    const [{ requireTransition }, { insertNotifications }, { rejectNotice }] = await Promise.all([
      import('../../trading/ledger/refusals.ts'),
      import('../../trading/notifications/notify.ts'),
      import('../../domain/notices.ts'),
    ]);
    const at = instant(ctx.now());
    return ctx.change(async (trx) => {
      const before = await lockOrder(trx, order);
      if (before.status === 'REJECTED') return { result: before, audit: null };
      requireTransition(before, 'REJECTED');
      await insertNotifications(trx, at, [rejectNotice(before, reason)]);
      return changeOrder(trx, before, { status: 'REJECTED', error_message: reason, updated_at: at });
    });
  },
});

import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, price, shares, text, time, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import { usage } from '../../util/failure.ts';
import { corrected, correctionFields, terms } from './fields.ts';

export const correct = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { fill: identifier('FILL', 'the execution') },
  flags: {
    quantity: optional(shares('the executed shares')),
    price: optional(price('rupees per share')),
    at: optional(time('the time of execution')),
    allowOverfill: toggle('take a quantity that exceeds the order, as the broker reported it'),
    reason: text('REASON', 'why it is corrected'),
  },
  fields: correctionFields,
  answer: corrected('Corrected'),
  examples: [
    'fill correct fil_01 --price 4000 --reason "typed 40000" --yes',
    'fill correct fil_01 --quantity 10 --at 2026-01-30T09:31:02+05:30 --reason "contract note" --yes',
  ],
  details: `Afterwards the book is as if the execution had been booked with these values: order, positions, capital, strategy and
sessions are rebuilt. It keeps its place in the order of booking; with --at it gets its place by time.`,
  async run({ fill, quantity, price, at, allowOverfill, reason }, ctx: Context) {
    if (quantity === undefined && price === undefined && at === undefined)
      throw usage('Say what is correct: --quantity, --price or --at.');
    const executed_at = at === undefined ? undefined : await ctx.instant('--at', at);
    if (executed_at && isBefore(instant(ctx.now()), executed_at)) throw usage('--at is in the future.');
    const { correctFill, findFill } = await import('../../trading/orders/correct-fill.ts');
    const found = await findFill(await ctx.source(), fill);
    const right = { quantity: quantity ?? found.quantity, price: price ?? found.price };
    await ctx.confirm(
      `This corrects ${terms(found)} to ${right.quantity} at ${right.price}${executed_at ? `, executed at ${executed_at}` : ''}, and rebuilds the positions of ${found.user_id} in ${found.symbol}.`,
    );
    return correctFill(ctx, fill, { quantity, price, executed_at, allowOverfill }, reason);
  },
});

import { defineCommand } from '../../cli/command.ts';
import { identifier, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { corrected, correctionFields, terms } from './fields.ts';

export const bust = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { fill: identifier('FILL', 'the execution') },
  flags: { reason: text('REASON', 'why it is taken back') },
  fields: correctionFields,
  answer: corrected('Took back'),
  examples: ['fill bust fil_01 --reason "trade cancelled by the exchange" --yes'],
  details: `Afterwards the book is as if the execution had never been booked: order, positions, capital, strategy and sessions are
rebuilt from the others. Its broker fill id is not booked again. The order works again, unless it was cancelled or came
with the execution, as trades of a file do.`,
  async run({ fill, reason }, ctx: Context) {
    const { bustFill, findFill } = await import('../../trading/orders/correct-fill.ts');
    const found = await findFill(await ctx.source(), fill);
    await ctx.confirm(
      `This takes back ${terms(found)}, and rebuilds the positions of ${found.user_id} in ${found.symbol}.`,
    );
    return bustFill(ctx, fill, reason);
  },
});

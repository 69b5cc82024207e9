import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId, userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { answered } from './answers.ts';
import { askedFields, sendToBroker } from './asked.ts';

export const send = defineCommand({
  effect: 'write',
  repeat: 'resumes',
  multiStep: true,
  entries: 'each',
  phase: 4,
  args: { order: optional(parsed(orderId, 'ORDER', 'one order')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'every order of this user that waits to be sent')),
    all: toggle('every order that waits to be sent'),
  },
  fields: askedFields,
  answer: answered('Sent'),
  examples: ['order send ord_01', 'order send --user trader_001 --yes'],
  details: `A PENDING order goes to the broker under a tag of its own. An accepted one is PLACED, a refused one REJECTED with the text of
the broker. Where no answer comes, the order stays PENDING, is not sent again by itself, and the exit code is 9:
broker sync finds it by its tag. The calls keep within broker.rateLimits, together with those of all other processes.`,
  async run({ order, user, all }, ctx: Context) {
    const scoped = all || user !== undefined;
    if ((order === undefined) !== scoped)
      throw usage('Name one order, or those of a user, or all.', 'For example: pinnacle order send --all');
    const { findUnsent } = await import('../../trading/broker/send-orders.ts');
    const orders = order === undefined ? await findUnsent(await ctx.db(), user) : [order];
    if (orders.length === 0) {
      await ctx.io.say('No order waits to be sent.');
      return [];
    }
    if (order === undefined)
      await ctx.confirm(`This sends ${pluralize(orders.length, 'order')} to the broker.`);
    if (ctx.dryRun) {
      await ctx.io.say(`${pluralize(orders.length, 'order')} would go to the broker.`);
      return [];
    }
    return sendToBroker(ctx, orders);
  },
});

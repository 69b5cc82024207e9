import { inColour } from '../../../cli/colours.ts';
import { defineCommand } from '../../../cli/command.ts';
import {
  decimal,
  duration,
  inputFile,
  integer,
  interval,
  optional,
  toggle,
  withDefault,
} from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { usage } from '../../../util/failure.ts';

export const run = defineCommand({
  effect: 'write',
  phase: 4,
  repeat: 'resumes',
  multiStep: true,
  live: {
    line: (text, paint, local) =>
      [
        paint.dim(local(text('at'))),
        text('event').padEnd('triggered'.length),
        text('user_id'),
        `${paint.bold(inColour(paint, text('side')))} ${paint.bold(`${text('symbol')} ${text('product')}`)}`,
        text('event') === 'fill' ? `${text('quantity')} at ${text('price')}` : '',
        inColour(paint, text('status')),
        text('broker_order_id'),
      ]
        .filter((part) => part !== '')
        .join('  ')
        .trimEnd(),
  },
  args: {},
  flags: {
    follow: toggle('go on until interrupted'),
    interval: withDefault(interval('how often to look, with --follow', 50), '1s'),
    for: optional(duration('end after this long, with --follow')),
    quotes: optional(inputFile('a file of quotes instead of those in Redis')),
    seed: withDefault(integer('N', 'what slippage and latency are drawn from', 0), '1'),
    fillSize: optional(integer('N', 'the most shares that one quote fills')),
    slippage: withDefault(decimal('BPS', 'the most that a price is worse, in basis points', 0, 1_000), '0'),
    latency: withDefault(duration('how long an order takes to the market, give or take half of it'), '0ms'),
    atTouch: toggle('a price that equals the limit fills it'),
  },
  fields: {
    at: { type: 'time' },
    event: { type: 'text' },
    user_id: { type: 'text' },
    symbol: { type: 'text' },
    side: { type: 'text', kind: 'state' },
    product: { type: 'text' },
    quantity: { type: 'integer' },
    price: { type: 'number', kind: 'price' },
    filled_quantity: { type: 'integer' },
    status: { type: 'text', kind: 'state' },
    broker_order_id: { type: 'text' },
    tag: { type: 'text', hidden: true },
  },
  examples: [
    'broker paper run',
    'broker paper run --follow --interval 250ms',
    'broker paper run --quotes quotes.csv --seed 7 --slippage 5 --fill-size 100',
  ],
  details: `Matches the orders that the paper broker has with fresh, coherent quotes that are newer than the order, and writes what
happens to its own tables: the book learns of it by broker sync. Quotes are those in Redis; without Redis, the marks of
positions. MARKET orders are filled at the ask or the bid, or at the last price where the quote has none; a LIMIT order when the price is
better than its limit; a STOP_LOSS order from its trigger on. Orders of earlier trading days end. The same seed, orders and
quotes give the same executions.`,
  async run(
    { follow, interval: intervalMs, for: forMs, fillSize, slippage, latency, ...input },
    ctx: Context,
  ) {
    if (!follow && forMs !== undefined) throw usage('--for needs --follow.');
    const { runPaper } = await import('../../../trading/broker/paper/run-paper.ts');
    return runPaper(ctx, {
      ...input,
      fillSize,
      slippageBps: slippage,
      latencyMs: latency,
      intervalMs: follow ? intervalMs : undefined,
      forMs,
    });
  },
});

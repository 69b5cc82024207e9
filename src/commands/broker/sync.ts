import { defineCommand } from '../../cli/command.ts';
import { interval, toggle, withDefault } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { followFlags } from '../_shared/follow-flags.ts';
import { parts } from '../_shared/parts.ts';
import { chosenTrader, oneOrAll } from './one-or-all.ts';

export const sync = defineCommand({
  effect: 'write',
  repeat: 'resumes',
  multiStep: true,
  entries: 'each',
  phase: 4,
  args: oneOrAll.args,
  flags: {
    ...oneOrAll.flags,
    watch: toggle('go on until interrupted, and show what changes'),
    interval: withDefault(interval('how long to wait between two looks, with --watch', 100), '5s'),
    ...followFlags,
  },
  fields: {
    user_id: { type: 'text' },
    accepted: { type: 'integer' },
    fills: { type: 'integer' },
    cancelled: { type: 'integer' },
    rejected: { type: 'integer' },
    differences: { type: 'integer' },
    unresolved: { type: 'integer' },
    problem: { type: 'text' },
  },
  answer: ({ user_id, accepted, fills, cancelled, rejected }) => ({
    done: `The book of ${user_id} agrees with the broker: ${parts({ accepted, fills, cancelled, rejected })}`,
    next: ['order', 'list', '--user', user_id],
  }),
  examples: ['broker sync trader_001', 'broker sync --all --skip-if-running --quiet'],
  details: `Reads the order book and the trade book of the broker and brings the book there: orders that it accepted, executions by their
ids, each once however often it runs, rejections and cancels. Orders whose answer was lost are found by their tags; one that
the broker does not have after three looks and a minute is REJECTED. Disabled and halted traders are synced all the same.
Ends 6 where differences remain, which reconcile orders shows, or calls are unresolved; 7 where the broker did not answer.`,
  async run({ user, all, watch, interval: intervalMs, for: period, count }, ctx: Context) {
    const chosen = chosenTrader({ user, all });
    const { followSync, syncTraders } = await import('../../trading/broker/sync-traders.ts');
    if (watch) return followSync(ctx, chosen, { intervalMs, period, count });
    const rows = await syncTraders(ctx, chosen);
    if (rows.some(({ problem }) => problem !== '')) return new Finding(rows, 'unreachable');
    const isLeft = rows.some(({ differences, unresolved }) => differences + unresolved > 0);
    return isLeft ? new Finding(rows) : rows;
  },
});

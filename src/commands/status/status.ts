import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const status = defineCommand({
  effect: 'read',
  phase: 4,
  verdict: true,
  args: {},
  flags: {},
  fields: {
    about: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    detail: { type: 'text' },
    help: { type: 'text', kind: 'command' },
    count: { type: 'integer', hidden: true },
    amount: { type: 'money', hidden: true },
  },
  examples: ['status', 'status --json about,state,count,amount', 'status --watch --interval 10s'],
  details: `The trading day in a line each: traders, sessions, halts, rules, working orders, P&L, alerts, and the checks of doctor that take
no time; the last line is the command that comes next. Ends 6 where something needs a person: a halt, a rule that is violated or cannot be
evaluated, a CRITICAL notification that nobody read, a check that fails.`,
  async run(_input, ctx: Context) {
    const { readStatus } = await import('../../operations/overview/read-status.ts');
    const progress = await startProgress(ctx.io, 'reading the day');
    const rows = await readStatus(ctx).finally(() => progress.stop());
    return rows.some(({ state }) => state === 'fail') ? new Finding(rows) : rows;
  },
});

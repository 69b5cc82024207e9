import { defineCommand } from '../cli/command.ts';
import { Found } from '../cli/output.ts';
import { startProgress } from '../cli/progress.ts';
import type { Context } from '../context.ts';

export const check = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: {
    check: { type: 'text' },
    state: { type: 'text' },
    detail: { type: 'text' },
    help: { type: 'text' },
  },
  examples: ['doctor', 'doctor --json check,state,help'],
  details: `Checks the connection, the rollout, the schema, the clock and who else is connected: ok, warn or fail, with what helps.
Ends 6 where a check fails; a warning alone ends 0. A database that cannot be reached is exit 7, as for every command.
Whether the book itself is right: pinnacle doctor ledger.`,
  async run(_input, ctx: Context) {
    const { examine } = await import('./examine.ts');
    const progress = await startProgress(ctx.io, 'examining the database');
    const checks = await examine(ctx).finally(() => progress.stop());
    if (checks.some(({ state }) => state === 'fail')) return new Found(checks);
    await ctx.io.say('Whether the book is right, too: pinnacle doctor ledger');
    return checks;
  },
});

import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { replicaStates } from '../../operations/health/replica-lag.ts';

export const replicas = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: {
    replica: { type: 'text' },
    state: { type: 'text' },
    lag_bytes: { type: 'integer' },
    lag_seconds: { type: 'number' },
    detail: { type: 'text' },
  },
  examples: ['doctor replicas', 'doctor replicas --json replica,state,lag_bytes'],
  details: `Asks every configured replica, for a second at most: ready (it has what the primary has committed, or gets it within
maxReplicaWait), behind, unfit (promoted, of another cluster, following another primary) or unreachable. Ends 6 where one
is not ready; reports go to another or to the primary then.`,
  async run(_input, ctx: Context) {
    const rows = await replicaStates(ctx);
    if (rows.length === 0) await ctx.io.say('No replicas are configured.');
    return rows.some(({ state }) => state !== 'ready') ? new Finding(rows) : rows;
  },
});

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
    state: { type: 'text', kind: 'state' },
    lag_bytes: { type: 'integer' },
    lag_seconds: { type: 'number', kind: 'seconds' },
    detail: { type: 'text' },
  },
  examples: ['doctor replicas', 'doctor replicas --json replica,state,lag_bytes'],
  details: `Queries every configured replica for at most one second: ready (it has all commits of the primary, or gets them within
maxReplicaWait), behind, unfit (promoted, of another cluster, following another primary) or unreachable. Exits 6 if one
is not ready; reports then use another replica or the primary.`,
  async run(_input, ctx: Context) {
    const rows = await replicaStates(ctx);
    if (rows.length === 0) await ctx.io.say('No replicas are configured.');
    return rows.some(({ state }) => state !== 'ready') ? new Finding(rows) : rows;
  },
});

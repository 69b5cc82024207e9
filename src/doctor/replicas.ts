import { defineCommand } from '../cli/command.ts';
import { Found } from '../cli/output.ts';
import type { Context } from '../context.ts';
import type { Connection } from '../db/connect.ts';
import type { Primary } from '../db/replica.ts';

const PATIENCE = 1_000;
const UNKNOWN = { lag_bytes: null, lag_seconds: null };

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
    const [{ describeServer }, { readPrimary }] = await Promise.all([
      import('../db/connect.ts'),
      import('../db/replica.ts'),
    ]);
    const { replicas: urls, maxReplicaWait } = await ctx.config();
    const connections = await ctx.replicas(PATIENCE);
    if (connections.length === 0) {
      await ctx.io.say('No replicas are configured.');
      return [];
    }
    const primary = await readPrimary(await ctx.connection());
    const rows = await Promise.all(
      connections.map(async (connection, i) => ({
        replica: describeServer(urls[i] ?? ''),
        ...(await stand(connection, primary, maxReplicaWait)),
      })),
    );
    return rows.some(({ state }) => state !== 'ready') ? new Found(rows) : rows;
  },
});

async function stand(connection: Connection, primary: Primary, wait: number) {
  const { readReplica, unfit } = await import('../db/replica.ts');
  const end = performance.now() + wait;
  try {
    for (;;) {
      const found = await within(readReplica(connection));
      const reason = unfit(found, primary);
      const missing = primary.position > found.replayed ? primary.position - found.replayed : 0n;
      const lag = {
        lag_bytes: Number(missing),
        lag_seconds: missing > 0n && found.lag !== null ? Math.round(found.lag) / 1_000 : 0,
      };
      if (reason !== undefined) return { state: 'unfit', ...UNKNOWN, detail: reason };
      if (missing === 0n) return { state: 'ready', ...lag, detail: null };
      if (performance.now() > end) return { state: 'behind', ...lag, detail: 'the primary answers' };
    }
  } catch {
    return {
      state: 'unreachable',
      ...UNKNOWN,
      detail: 'no answer within a second, or the login was refused',
    };
  }
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => fail(new Error('late')), PATIENCE);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

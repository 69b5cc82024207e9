import type { Context } from '../../context.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import type { Primary } from '../../platform/postgres/replica.ts';
import { inTime, LATE } from '../../util/in-time.ts';

const REPLICA_TIMEOUT_MS = 1_000;
const UNKNOWN = { lag_bytes: null, lag_seconds: null };

/** The state of every configured replica; each has a second to answer. */
export async function replicaStates(ctx: Context) {
  const { maxReplicaWaitMs } = await ctx.config();
  return (await watchReplicas(ctx, maxReplicaWaitMs))();
}

/**
 * A reader of the state of every configured replica, which keeps its connections; each has a second to answer, and so many milliseconds
 * to catch up.
 */
export async function watchReplicas(ctx: Context, waitMs: number) {
  const { replicas: urls } = await ctx.config();
  const connections = await ctx.replicas(REPLICA_TIMEOUT_MS);
  return () => statesOf(ctx, connections, urls, waitMs);
}

async function statesOf(
  ctx: Context,
  connections: readonly Connection[],
  urls: readonly string[],
  waitMs: number,
) {
  if (connections.length === 0) return [];
  const [{ describeServer }, { readPrimary }] = await Promise.all([
    import('../../platform/postgres/server-url.ts'),
    import('../../platform/postgres/replica.ts'),
  ]);
  const primary = await readPrimary(await ctx.connection());
  return Promise.all(
    connections.map(async (connection, i) => ({
      replica: describeServer(urls[i] ?? ''),
      ...(await replicaState(connection, primary, waitMs)),
    })),
  );
}

async function replicaState(connection: Connection, primary: Primary, waitMs: number) {
  const { readReplica, replicaProblem } = await import('../../platform/postgres/replica.ts');
  const end = performance.now() + waitMs;
  try {
    for (;;) {
      const found = await within(readReplica(connection));
      const reason = replicaProblem(found, primary);
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
  const result = await inTime(answer, REPLICA_TIMEOUT_MS);
  if (result === LATE) throw new Error('late');
  return result;
}

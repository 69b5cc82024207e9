import type { Context } from '../context.ts';
import { findDifferences } from '../migrate/differences.ts';
import { changesOf, lastOf, readRecord } from '../migrate/record.ts';
import { loadPhases } from '../migrate/scripts.ts';
import { judgeClock } from '../platform/postgres/clock-skew.ts';
import {
  judgeConnection,
  judgeConnections,
  judgeDrift,
  judgePhase,
  judgeScripts,
  judgeTransactions,
} from './checks.ts';
import type { Check, Scene } from './scene.ts';
import { ok } from './verdict.ts';
import { readTransactions, readVitals } from './vitals.ts';

/** The scene of an examination, and the checks that share what it begins with. */
export async function survey(ctx: Context) {
  const { kind, kysely: db } = await ctx.connection();
  // The first statement also connects: what is timed comes after it, and before anything else takes the processor.
  const [phases, record] = await Promise.all([loadPhases(), readRecord(db)]);
  const [sent, started] = [ctx.now(), performance.now()];
  const vitals = await readVitals(db);
  const took = performance.now() - started;
  const ahead = Date.parse(vitals.clock) - (sent.getTime() + took / 2);
  const scene: Scene = { ctx, kind, db, phase: lastOf(record) };
  const onServer = (look: () => ReturnType<Check['look']>, embedded: string): Check => ({
    look: async () => (kind === 'embedded' ? ok(embedded) : look()),
  });
  const checks = {
    connection: { look: async () => judgeConnection(vitals, took) },
    phase: { look: async () => judgePhase(lastOf(record), phases.length) },
    scripts: { look: async () => judgeScripts(changesOf(phases, record)) },
    drift: { look: async () => judgeDrift((await findDifferences(ctx)).differences) },
    clock: onServer(async () => judgeClock(ahead), 'the clock of this machine'),
    connections: onServer(async () => judgeConnections(vitals), 'one process at a time'),
    transactions: onServer(
      async () => judgeTransactions(await readTransactions(db)),
      'one process at a time',
    ),
  } satisfies Record<string, Check>;
  return { scene, checks };
}

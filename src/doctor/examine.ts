import type { Context } from '../context.ts';
import { findDifferences } from '../migrate/differences.ts';
import { changesOf, lastOf, readRecord } from '../migrate/record.ts';
import { loadPhases } from '../migrate/scripts.ts';
import {
  EMBEDDED,
  judgeClock,
  judgeConnection,
  judgeConnections,
  judgeDrift,
  judgePhase,
  judgeScripts,
  judgeTransactions,
  type Verdict,
} from './checks.ts';
import { readTransactions, readVitals } from './vitals.ts';

/** Every check of the database but those of the book, in the order they are reported. */
export async function examine(ctx: Context) {
  const { kind, kysely } = await ctx.connection();
  // The first statement also connects: what is timed comes after it, and before the comparison takes the processor.
  const [phases, record] = await Promise.all([loadPhases(), readRecord(kysely)]);
  const [sent, started] = [ctx.now(), performance.now()];
  const vitals = await readVitals(kysely);
  const took = performance.now() - started;
  const ahead = Date.parse(vitals.clock) - (sent.getTime() + took / 2);
  const around =
    kind === 'embedded'
      ? EMBEDDED
      : {
          clock: judgeClock(ahead),
          connections: judgeConnections(vitals),
          transactions: judgeTransactions(await readTransactions(kysely)),
        };
  const verdicts: Record<string, Verdict> = {
    connection: judgeConnection(vitals, took),
    phase: judgePhase(lastOf(record), phases.length),
    scripts: judgeScripts(changesOf(phases, record)),
    drift: judgeDrift((await findDifferences(ctx)).differences),
    ...around,
  };
  return Object.entries(verdicts).map(([check, { state, detail, help }]) => ({ check, state, detail, help }));
}

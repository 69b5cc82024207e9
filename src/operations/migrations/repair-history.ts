import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { type Change, changesOf, readHistory } from './history.ts';
import { inTransaction, type Session, withSession } from './rollout-session.ts';
import { loadPhases, type Phase } from './scripts.ts';

/**
 * Records the scripts as they are now in place of those that were applied, after a confirmation; returns what changed.
 * Changes no table. `lockWait` is in milliseconds.
 */
export async function repairHistory(ctx: Context, lockWait: number): Promise<Change[]> {
  const phases = await loadPhases();
  return withSession(ctx, lockWait, async (session) => {
    const all = changesOf(phases, await readHistory(session.db));
    const changes = all.filter(({ part }) => part !== 'folder');
    const changed = phases.filter(({ phase }) => changes.some((change) => change.phase === phase));
    if (changed.length === 0) {
      await ctx.io.say('Nothing to do: no recorded script has changed.');
      return [];
    }
    const names = changed.map(({ phase, name }) => `${phase} ${name}`).join(', ');
    await ctx.confirm(
      `The changed scripts of ${names} will be recorded as applied. Have they been reviewed?`,
    );
    await inTransaction(ctx, session, async () => {
      for (const phase of changed) await recordScripts(ctx, session, phase, changes);
    });
    return changes;
  });
}

async function recordScripts(
  ctx: Context,
  { db }: Session,
  { phase, name, up, down }: Phase,
  changes: readonly Change[],
): Promise<void> {
  await db
    .updateTable('pinnacle_migrations')
    .set({ name, up_sha256: up.sha256, down_sha256: down.sha256 })
    .where('phase', '=', phase)
    .execute();
  const parts = changes.filter((change) => change.phase === phase);
  await writeAudit(db, ctx.origin, {
    target: `phase ${phase}`,
    body: { repaired: Object.fromEntries(parts.map(({ part, ...rest }) => [part, rest])) },
  });
}

import { writeAudit } from '../../audit/log.ts';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { changesOf, readHistory } from '../../operations/migrations/history.ts';
import { inTransaction, withSession } from '../../operations/migrations/rollout-session.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { changeFields, lockWait } from './fields.ts';

export const repair = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { lockWait },
  fields: changeFields,
  examples: ['migrate repair --yes', 'migrate repair --dry-run'],
  details:
    'Records the scripts as they are now, after a review: what is recorded is what `migrate verify` compares with. Changes no table; a recorded phase without a folder stays as it is.',
  async run({ lockWait }, ctx: Context) {
    const phases = await loadPhases();
    return withSession(ctx, lockWait, async (session) => {
      const changes = changesOf(phases, await readHistory(session.db)).filter(
        ({ part }) => part !== 'folder',
      );
      const changed = phases.filter(({ phase }) => changes.some((change) => change.phase === phase));
      if (changed.length === 0) {
        await ctx.io.say('Nothing to do: no recorded script has changed.');
        return [];
      }
      const which = changed.map(({ phase, name }) => `${phase} ${name}`).join(', ');
      await ctx.agree(
        `The changed scripts of ${which} count as applied from now on. Have they been reviewed?`,
      );
      await inTransaction(ctx, session, async () => {
        for (const { phase, name, up, down } of changed) {
          await session.db
            .updateTable('pinnacle_migrations')
            .set({ name, up_sha256: up.sha256, down_sha256: down.sha256 })
            .where('phase', '=', phase)
            .execute();
          const parts = changes.filter((change) => change.phase === phase);
          await writeAudit(session.db, ctx.origin, {
            target: `phase ${phase}`,
            body: { repaired: Object.fromEntries(parts.map(({ part, ...rest }) => [part, rest])) },
          });
        }
      });
      return changes;
    });
  },
});

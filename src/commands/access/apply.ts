import { writeAudit } from '../../audit/log.ts';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { stepFields } from './fields.ts';

const LOCK_WAIT = 10_000;

export const apply = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  args: {},
  flags: {},
  fields: stepFields,
  examples: ['access apply', 'access apply --yes', 'access apply --dry-run'],
  details:
    'Runs what `access plan` shows, in one transaction, and asks before a right is taken away. Needs a login with CREATEROLE that owns the database, its schema and the tables: give it as migrateUrl. From then on daily commands refuse a superuser and the owner. Run it again after `migrate up`.',
  async run(_input, ctx: Context) {
    const { kind } = await ctx.migrationConnection();
    if (kind === 'embedded')
      throw refused('NO_ROLES', 'The embedded database has one user, and no roles to grant anything to.');
    const [{ withSession, inTransaction }, { diffGrants }, { applyGrants }] = await Promise.all([
      import('../../operations/migrations/rollout-session.ts'),
      import('../../operations/access/diff-grants.ts'),
      import('../../operations/access/apply-grants.ts'),
    ]);
    return withSession(ctx, LOCK_WAIT, async (session) => {
      const steps = await diffGrants(session.db);
      if (steps.length === 0) {
        await ctx.io.say('Nothing to do: roles and grants are as they should be.');
        return steps;
      }
      const taken = steps.filter(({ change }) => change === 'excess').length;
      if (taken > 0) await ctx.agree(`${pluralize(taken, 'right')} too many will be taken away.`);
      await inTransaction(ctx, session, async () => {
        await applyGrants(session.db, steps);
        await writeAudit(session.db, ctx.origin, {
          target: 'access',
          body: { statements: steps.map(({ sql }) => sql) },
        });
      });
      return steps;
    });
  },
});

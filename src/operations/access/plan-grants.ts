import type { Context } from '../../context.ts';
import { diffGrants, type GrantStep } from './diff-grants.ts';

/** The statements that `access apply` would run, without running them; none on the embedded database. */
export async function planGrants(ctx: Context): Promise<GrantStep[]> {
  const { kind, kysely } = await ctx.connection();
  if (kind === 'embedded') return [];
  const steps = await kysely.transaction().setAccessMode('read only').execute(diffGrants);
  if (steps.length === 0) await ctx.io.say('Nothing to do: roles and grants are as they should be.');
  return steps;
}

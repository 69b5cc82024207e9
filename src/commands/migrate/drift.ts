import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const drift = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: {
    kind: { type: 'text' },
    object: { type: 'text' },
    expected: { type: 'text' },
    actual: { type: 'text' },
  },
  examples: ['migrate drift', 'migrate drift --json kind,object'],
  details:
    'Compares the tables, types and functions of the applied steps with a scratch database that ran the same scripts. Exits 6 with one row per difference. Objects of other programs are ignored, but anything added to the tables of Pinnacle is a difference.',
  async run(_input, ctx: Context) {
    const progress = await startProgress(ctx.io, 'comparing the database with its scripts');
    const { detectDrift } = await import('../../operations/schema/detect-drift.ts');
    const { phase, differences } = await detectDrift(ctx).finally(() => progress.stop());
    if (differences.length > 0) return new Finding(differences);
    await ctx.io.say(`No differences: the database matches its scripts up to phase ${phase}.`);
    return [];
  },
});

import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { changeFields } from './fields.ts';

export const verify = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: changeFields,
  examples: ['migrate verify', 'migrate verify --json phase,part'],
  details:
    'Compares the scripts with the SHA-256 recorded when they were applied. Exits 6 with one row per difference and per recorded phase without a folder. To compare the database itself: migrate drift.',
  async run(_input, ctx: Context) {
    const { verifyScripts } = await import('../../operations/migrations/inspect-phases.ts');
    const changes = await verifyScripts(ctx);
    return changes.length > 0 ? new Finding(changes) : changes;
  },
});

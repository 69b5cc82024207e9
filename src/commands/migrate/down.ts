import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keepCapital, lockWait, phaseFields, to } from './fields.ts';

export const down = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { to: to('stay at this phase (default: one phase down)', 0), keepCapital, lockWait },
  fields: phaseFields,
  examples: ['migrate down', 'migrate down --to 0 --confirm pinnacle', 'migrate down --dry-run'],
  details:
    'Reverts every step of the phases above N, the last one first, and drops their tables. Empty tables are dropped without a question; where tables hold rows, the name of the database must be typed: --confirm NAME. Movements of money that are in the capital of users would be booked twice if they were booked again: that is refused (FLOWS_BOOKED) unless each is countered, or --keep-capital is given. --to 0 removes everything of Pinnacle, the audit log included.',
  async run(input, ctx: Context) {
    const { migrateDown } = await import('../../operations/migrations/migrate-down.ts');
    return migrateDown(ctx, input);
  },
});

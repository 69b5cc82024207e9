import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { months, table } from './fields.ts';

export const check = defineCommand({
  effect: 'read',
  phase: 1,
  verdict: true,
  args: { table },
  flags: { months },
  fields: { finding: { type: 'text' }, object: { type: 'text' }, hint: { type: 'text' } },
  examples: ['partition check', 'partition check orders --months 6 --json'],
  details:
    'Exits 6 with one row per finding: a month ahead without a partition, orders beyond the last month, a foreign key to orders that is not validated, an index that a partition lacks, an unfinished enable.',
  async run(input, ctx: Context) {
    const { checkPartitions } = await import('../../operations/partitions/check-partitions.ts');
    const findings = await checkPartitions(ctx, input);
    return findings.length > 0 ? new Finding(findings) : findings;
  },
});

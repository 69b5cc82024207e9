import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';

export const version = defineCommand({
  effect: 'read',
  args: {},
  flags: {},
  fields: {
    version: { type: 'text' },
    commit: { type: 'text' },
    node: { type: 'text' },
    postgres_client: { type: 'text' },
    embedded_engine: { type: 'text' },
    schema_phase: { type: 'integer' },
    schema_step: { type: 'integer' },
    schema_steps: { type: 'integer' },
  },
  examples: ['version', 'version --json version,commit'],
  details: `The version and the commit it was built from, Node, the PostgreSQL driver, the embedded engine that it was built with, and the last
phase and step of the schema that it knows, of so many steps. No database is asked: that is pinnacle migrate status. pinnacle --version prints
the first two, faster.`,
  async run(_input, ctx: Context) {
    const { describeProgram } = await import('../../operations/describe-program.ts');
    return describeProgram(ctx.own.node);
  },
});

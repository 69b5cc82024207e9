import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';

export const show = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 4,
  args: {},
  flags: {},
  fields: {
    rule: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    rows: { type: 'integer' },
    refuses: { type: 'text' },
  },
  examples: ['schema show', 'schema show --json rule,state,rows'],
  details: 'The column rows counts what breaks a rule now: while it is not 0, schema strict is refused.',
  async run(_input, ctx: Context) {
    const { showSchema } = await import('../../operations/schema/show-schema.ts');
    return showSchema(ctx);
  },
});

import { defineCommand } from '../../cli/command.ts';
import { duration, optional, toggle, withDefault, words } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';

export const compat = defineCommand({
  effect: 'write',
  roles: ['owner'],
  phase: 4,
  repeat: 'resumes',
  args: {},
  flags: {
    name: optional(
      words('TYPE=NAME,…', 'types and the names that others know them by, such as order_side=my_side'),
    ),
    text: toggle('also take values of type varchar and text'),
    off: toggle('give every type its own name again'),
    lockWait: withDefault(duration('how long to wait for another rollout'), '60s'),
  },
  fields: { type: { type: 'text' }, name: { type: 'text' }, text: { type: 'boolean' } },
  examples: [
    'schema compat',
    'schema compat --name order_side=my_side,order_type=order_kind',
    'schema compat --text',
    'schema compat --off',
    'schema compat --dry-run --json',
  ],
  details:
    'For services whose statements cast to the enum names of their ORM, such as $5::orderside. Each type is renamed, which rewrites no row and takes no lock on a table, and our own name becomes a domain over it. Names that are not given stay as they were chosen before; at first they are those of SQLAlchemy: the class in lower case. With --text, varchar and text may be stored in these columns and compared by = and <> and IN, with their indexes. One transaction; it may be repeated. migrate, backup and access keep the names. See docs/schema.md.',
  async run(input, ctx: Context) {
    const { setCompat } = await import('../../operations/schema/compat.ts');
    return setCompat(ctx, input);
  },
});

import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { sayLogout } from './logins/warn-logout.ts';

export const offboard = defineCommand({
  effect: 'destroy',
  repeat: 'resumes',
  multiStep: true,
  phase: 2,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {
    to: text('FOLDER', 'write the history of the user to this folder, which only you can read', 4_096),
    reason: optional(text('REASON', 'why, for the audit log')),
  },
  fields: {
    user_id: { type: 'text' },
    enabled: { type: 'boolean' },
    strategies_stopped: { type: 'integer' },
    orders_cancelled: { type: 'integer' },
    folder: { type: 'text' },
    files: { type: 'integer' },
    rows: { type: 'integer' },
    left: {
      type: 'rows',
      of: {
        what: { type: 'text' },
        count: { type: 'integer' },
        amount: { type: 'money' },
        next: { type: 'text' },
      },
    },
  },
  examples: [
    'user offboard trader_001 --to trader_001-history --dry-run',
    'user offboard trader_001 --to trader_001-history --reason "left the desk" --confirm trader_001',
  ],
  details: `Disables the account, revokes its keys and login sessions, stops its strategies and cancels its working orders in one transaction,
then asks the broker to cancel what it has, and then writes everything on record of the user to FOLDER, one CSV file per table, without
secrets. An interrupted run is repeated: it goes on with what is left, and writes the files again. The column left names what remains, with
the command that ends it; it ends 6 while positions are open or orders work, and 7 where the broker did not answer. A position of a
disabled user can still be closed.`,
  async run({ user, to, reason }, ctx: Context) {
    const { offboardUser } = await import('../../operations/offboarding/offboard-user.ts');
    const result = await offboardUser(ctx, user, { folder: resolve(ctx.cwd, to), reason });
    await sayLogout(ctx, user);
    return result;
  },
});

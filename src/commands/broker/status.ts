import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';

export const status = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 4,
  args: { user: optional(parsed(userId, 'USER', 'one trader; all by default')) },
  flags: {},
  fields: {
    user_id: { type: 'text' },
    kind: { type: 'text' },
    client_code: { type: 'text', minor: true },
    session: { type: 'text', vital: true },
    logged_in_at: { type: 'time', minor: true },
    token_expires_at: { type: 'time' },
    clock_skew_ms: { type: 'integer', minor: true },
    synced_at: { type: 'time' },
    sync_problem: { type: 'text' },
    unresolved: { type: 'integer', vital: true },
    missing: { type: 'text' },
  },
  madeBy: 'user add',
  examples: ['broker status', 'broker status trader_001 --json session,unresolved'],
  details: `Asks the broker nothing. Sessions: none, valid, expired, or none needed. The clock skew is how far the clock of the broker was ahead
at the last login. unresolved counts calls whose outcome nobody knows; missing names what a login lacks. Ends 6 where a
session is expired or a call is unresolved.`,
  async run({ user }, ctx: Context) {
    const { brokerStatus } = await import('../../trading/broker/status.ts');
    const rows = await brokerStatus(ctx, user);
    const isFound = rows.some(({ session, unresolved }) => session === 'expired' || unresolved > 0);
    return isFound ? new Finding(rows) : rows;
  },
});

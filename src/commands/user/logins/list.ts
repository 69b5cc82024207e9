import { defineCommand } from '../../../cli/command.ts';
import { parsed } from '../../../cli/flags.ts';
import { page, pageFlags } from '../../../cli/pagination.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { findUser } from '../../../trading/users/store.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: pageFlags,
  fields: {
    session_id: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    created_at: { type: 'time' },
    last_seen_at: { type: 'time' },
    idle_seconds: { type: 'integer', kind: 'seconds' },
    expires_at: { type: 'time' },
  },
  madeBy: 'user login',
  examples: ['user logins list trader_001', 'user logins list trader_001 --json session_id,idle_seconds'],
  details: `Sorted by id; ids of this program sort by age. Idle is the time since last_seen_at, which the service that uses the session
sets. A key with the name of a session but other contents has the state unreadable; revoke removes it, too.`,
  async run({ user, ...paging }, ctx: Context) {
    const { readSession, sessionIds } = await import('../../../trading/users/login-sessions.ts');
    await findUser(await ctx.db(), user);
    const redis = await ctx.redis('sessions');
    const found = new Set<string>();
    for await (const ids of sessionIds(redis, user)) for (const id of ids) found.add(id);
    const sorted = [...found].sort();
    const now = ctx.now().getTime();
    const read = async (id: string) => {
      const session = await readSession(redis, user, id);
      const seen = session?.last_seen_at ?? null;
      const idle_seconds = seen === null ? null : Math.max(0, Math.floor((now - Date.parse(seen)) / 1_000));
      return session ? [{ ...session, idle_seconds }] : [];
    };
    return page(
      paging,
      ctx.io,
      async (limit, after) => {
        const rest = sorted.filter((id) => id > (after?.[0] ?? ''));
        const rows: Awaited<ReturnType<typeof read>> = [];
        while (rows.length < limit && rest.length > 0)
          rows.push(...(await Promise.all(rest.splice(0, limit).map(read))).flat());
        return rows.slice(0, limit);
      },
      ({ session_id }) => [session_id],
    );
  },
});

import { defineCommand } from '../../cli/command.ts';
import { type Keyset, page, pageFlags, timeKeyset } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { ALERT_LEVELS } from '../../domain/enums.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { notificationFields } from './fields.ts';
import { notificationFilter, selectNotifications } from './filter.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 3,
  args: {},
  flags: {
    ...notificationFilter,
    ...pageFlags,
  },
  fields: notificationFields,
  examples: [
    'notification list --user trader_001 --unread',
    'notification list --level error --since today --json notification_id,title',
  ],
  details: `Unread ones come first, then the newest. Levels from the lowest: ${ALERT_LEVELS.join(', ')}.`,
  async run(input, ctx: Context) {
    const [db, parts] = [await ctx.db(), await selectNotifications(input, ctx)];
    // Those of the system would be listed for anybody.
    await requireNamed(db, input);

    // Unread and read are two queries that each follow an index; one query would sort the whole table for every page.
    const walk = (state: string, limit: number, after: Keyset) => {
      const newest = parts.map((part) => {
        let found = part.where('read_at', state === UNREAD ? 'is' : 'is not', null);
        if (after.length > 0)
          found = found.where((eb) =>
            eb(eb.refTuple('created_at', 'notification_id'), '<', eb.tuple(...timeKeyset<string>(after))),
          );
        found = found.orderBy('created_at', 'desc').orderBy('notification_id', 'desc').limit(limit);
        return db.selectFrom(found.as('part')).selectAll();
      });
      const merged = newest.reduce((all, part) => all.unionAll(part));
      return merged.orderBy('created_at', 'desc').orderBy('notification_id', 'desc').limit(limit).execute();
    };

    return page(
      input,
      ctx.io,
      async (limit, [state = UNREAD, ...behind] = []) => {
        const first = state === UNREAD ? await walk(UNREAD, limit, behind) : [];
        if (input.unread || first.length === limit) return first;
        return [...first, ...(await walk(READ, limit - first.length, state === READ ? behind : []))];
      },
      (row) => [row.read_at === null ? UNREAD : READ, row.created_at, row.notification_id],
    );
  },
});

// The part of the list that a cursor is in.
const UNREAD = 'unread';
const READ = 'read';

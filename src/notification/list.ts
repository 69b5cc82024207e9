import { defineCommand } from '../cli/command.ts';
import { usage } from '../cli/errors.ts';
import { choice, identifier, optional, time, toggle } from '../cli/flags.ts';
import { type Keyset, page, pageFlags } from '../cli/page.ts';
import type { Context } from '../context.ts';
import { ALERT_LEVELS, NOTIFICATION_TYPES } from '../db/schema.ts';
import { notificationFields } from './columns.ts';
import { NOTIFICATION_COLUMNS } from './store.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 3,
  args: {},
  flags: {
    user: optional(identifier('USER', 'what this trader sees: his own and the system-wide ones')),
    system: toggle('system-wide ones only'),
    unread: toggle('unread ones only'),
    type: optional(choice(NOTIFICATION_TYPES, 'TYPE', 'of this type')),
    level: optional(choice(ALERT_LEVELS, 'LEVEL', 'of this level and above')),
    since: optional(time('created at this time or later')),
    ...pageFlags,
  },
  fields: notificationFields,
  examples: [
    'notification list --user trader_001 --unread',
    'notification list --level error --since today --json notification_id,title',
  ],
  details: `Unread ones come first, then the newest. The levels from the lowest: ${ALERT_LEVELS.join(', ')}.`,
  async run(input, ctx: Context) {
    const { user, system, type, level } = input;
    if (user !== undefined && system)
      throw usage('--user and --system exclude each other.', 'What a trader sees has the system-wide ones.');
    const since = input.since && (await ctx.instant('--since', input.since));
    const db = await ctx.db();

    // Two walks down an index of their own; one sorted by both would sort the whole table for every page.
    const walk = (state: string, limit: number, [at, id]: Keyset) => {
      let found = db
        .selectFrom('notifications')
        .select(NOTIFICATION_COLUMNS)
        .where('read_at', state === UNREAD ? 'is' : 'is not', null);
      if (user) found = found.where((eb) => eb.or([eb('user_id', '=', user), eb('user_id', 'is', null)]));
      if (system) found = found.where('user_id', 'is', null);
      if (type) found = found.where('notification_type', '=', type);
      if (level) found = found.where('alert_level', '>=', level);
      if (since) found = found.where('created_at', '>=', since);
      if (at !== undefined)
        found = found.where((eb) =>
          eb(eb.refTuple('created_at', 'notification_id'), '<', eb.tuple(at, id ?? '')),
        );
      return found.orderBy('created_at', 'desc').orderBy('notification_id', 'desc').limit(limit).execute();
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

// Where in the list a cursor stands.
const UNREAD = 'unread';
const READ = 'read';

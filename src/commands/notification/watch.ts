import type { SelectQueryBuilder } from 'kysely';
import { inColour } from '../../cli/colours.ts';
import { defineCommand } from '../../cli/command.ts';
import { optional, time } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import type { AlertLevel } from '../../domain/enums.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notification } from '../../projection/kinds/notification.ts';
import { NOTIFICATION_COLUMNS } from '../../trading/notifications/store.ts';
import { followFlags } from '../_shared/follow-flags.ts';
import { notificationFields } from './fields.ts';
import { notificationFilter } from './filter.ts';

const BATCH_ROWS = 1_000;

export const watch = defineCommand({
  effect: 'read',
  phase: 3,
  args: {},
  flags: {
    user: notificationFilter.user,
    type: notificationFilter.type,
    level: notificationFilter.level,
    since: optional(time('start with those created at this time or later (default: now)')),
    ...followFlags,
  },
  fields: { ...notificationFields, data: { type: 'json' } },
  live: {
    line: (text, paint, local) =>
      [
        paint.dim(local(text('created_at'))),
        inColour(paint, text('alert_level'), 'CRITICAL'.length),
        text('user_id') || '-',
        paint.bold(text('title')),
        text('message'),
      ].join('  '),
    rings: (row) => LOUD.includes((row as { alert_level: AlertLevel }).alert_level),
  },
  examples: [
    'notification watch --user trader_001',
    'notification watch --level error --since today --json notification_id,title',
  ],
  details: `Shows every notification once, as soon as it is committed, until interrupted. A terminal shows one line per notification and
rings for ERROR and CRITICAL; a pipe or --json, one JSON object per line. Redis only announces notifications: those that it
loses, or cannot announce, are found in the database within seconds.`,
  async run(input, ctx: Context) {
    const { follow } = await import('../../projection/follow.ts');
    const { user, type, level } = input;
    const since = input.since === undefined ? undefined : await ctx.instant('--since', input.since);
    const db = await ctx.db();
    const wanted = <O>(query: SelectQueryBuilder<Database, 'notifications', O>) => {
      let found = query;
      if (user) found = found.where((eb) => eb.or([eb('user_id', 'in', user), eb('user_id', 'is', null)]));
      if (type) found = found.where('notification_type', 'in', type);
      if (level) found = found.where('alert_level', '>=', level);
      return found;
    };
    return follow(
      ctx,
      {
        source: notification.source,
        purpose: notification.purpose,
        pollMs: 5_000,
        async *changed(from) {
          for (let [at, id] = [from, '']; ; ) {
            const page = await wanted(db.selectFrom('notifications'))
              .select(['notification_id', 'created_at'])
              .where((eb) => eb(eb.refTuple('created_at', 'notification_id'), '>', eb.tuple(at, id)))
              .orderBy('created_at')
              .orderBy('notification_id')
              .limit(BATCH_ROWS)
              .execute();
            yield page.map((row) => row.notification_id);
            const last = page.at(-1);
            if (!last || page.length < BATCH_ROWS) return;
            [at, id] = [last.created_at, last.notification_id];
          }
        },
        read: (ids) =>
          wanted(db.selectFrom('notifications'))
            .select(NOTIFICATION_COLUMNS)
            .where('notification_id', '=', (eb) => eb.fn.any(eb.val(ids)))
            .execute(),
      },
      { ...input, since },
    );
  },
});

const LOUD: readonly AlertLevel[] = ['ERROR', 'CRITICAL'];
